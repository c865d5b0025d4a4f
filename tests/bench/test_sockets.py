"""WebSockets and event streams: the frames, what the crowd and the flood say, the sections."""

from dataclasses import asdict

import pytest

from bench import flood, gathering, listeners, sockets, tables, workloads
from bench.gathering import Gathered
from bench.rounds import Plan, Sample, _groups
from bench.servers import SERVERS, Setting, of_suite


def test_a_client_masks_its_frames() -> None:
    """RFC 6455 section 5.3."""
    head, mask, masked = flood.SENT[:2], flood.SENT[2:6], flood.SENT[6:]
    assert (head, len(masked)) == (b"\x81\xc0", 64)
    assert bytes(sign ^ mask[at % 4] for at, sign in enumerate(masked)) == flood.ECHOED[2:]
    assert flood.ECHOED[:2] == b"\x81\x40"


def test_the_crowd_knows_the_echo_of_what_it_says() -> None:
    kind = listeners.KINDS["websocket"]
    assert kind.reply == b"\x81\x85\0\0\0\0hello" and kind.settled == b"\x81\x05hello"


def test_a_flood_is_counted_by_bins() -> None:
    report = sockets.read_report("sent 1000 10 0 20\n", "")
    assert (report.requests, report.errors) == (30, "")
    assert report.sent.until(10.02) == pytest.approx(10)
    assert report.sent.covers(10.0, 10.03)


@pytest.mark.parametrize(
    ("complaint", "errors"), [("", "it said nothing"), ("a\nno WebSocket: b''\n", "no WebSocket: b''")]
)
def test_a_flood_that_failed(complaint: str, errors: str) -> None:
    assert sockets.read_report("", complaint).errors == errors


def test_kilobytes_each_only_where_all_stayed() -> None:
    assert Gathered("a", 100, 100, 1.0, 10.0, 12.0).each == pytest.approx(20)
    assert Gathered("a", 100, 99, 1.0, 10.0, 12.0).each is None
    assert Gathered("a", 0, 0, 1.0, 10.0, 12.0).each is None


def test_the_section_of_the_sockets() -> None:
    samples = [
        Sample("echo", name, n, 100, cost, 1e6 / cost)
        for n in (1, 2)
        for name, cost in (("uvicorn", 10.0), ("hendrix", 5.0))
    ]
    idle = [asdict(Gathered("hendrix", 10, 10, 1.0, 10.0, 12.0))]
    section = sockets.draw({"echo": [one.as_dict() for one in samples], "idle": idle}, Plan(crowd=10))
    assert (
        "| Hendrix | 200,000 | 5.00 | 1.00 | 0.00 | 2 |\n| uvicorn | 100,000 | 10.0 | 2.00 | 0.00 | 2 |"
        in section.text
    )
    assert "| Hendrix | 10 | 10 | 1.00 | 10.0 | 12.0 | 2.00 |" in section.text
    assert set(section.pictures) == {"sockets.svg"}
    assert isinstance(gathering.Plan(1, "events"), gathering.Plan)


def test_async_workloads_have_a_section_of_their_own() -> None:
    samples = [Sample(name, "hendrix", 1, 100, 100.0, 1000) for name in ("hello", "async_hello", "hello_beside")]
    requests, others = tables.sections(samples, Plan())
    assert (requests.key, others.key) == ("loads", "async")
    assert "### async_hello" in others.text and "### hello_beside" in others.text and "async" not in requests.text
    assert "Not measured: uvicorn, Daphne, Granian (ASGI), gunicorn (ASGI)." in others.text


def test_servers_are_started_once_for_what_they_share() -> None:
    suites = [(suite, settings) for suite, settings, _ in _groups(workloads.WORKLOADS.values())]
    assert suites == [
        ("sync", "project.settings"), ("sync", "project.settings"),
        ("async", "project.settings"), ("async", "project.bare"), ("cached", "project.settings"),
        ("files", "project.settings"), ("pair", "project.settings"), ("resource", "project.resourceful"),
        ("uncached", "project.settings"),
    ]  # fmt: skip


def test_every_asgi_server_is_told_of_another_application() -> None:
    setting = Setting(1, asgi="project.sockets:application")
    assert all("project.sockets:application" in server.command(setting) for server in of_suite("async"))
    assert "--settings" not in SERVERS["hendrix"].command(setting)
