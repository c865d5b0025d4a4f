"""The log in systemd's journal: the bytes of its protocol, and what happens where it takes none."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hendrix.core import events
from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.core.events import ERROR, INFO, WARNING, emit
from hendrix.core.request_id import named
from hendrix.observe import journal, log
from hendrix.observe.handler import SinkHandler
from hendrix.observe.journal import Journal, is_journal
from hendrix.observe.journal_entry import LONGEST_VALUE, encode, field_name
from hendrix.observe.process import process
from tests.observe.journal_reading import FakeJournal, read_entry
from tests.observe.reading import read_log

#: As the protocol's description has it.
EXAMPLE = (
    b"PRIORITY=3\nSYSLOG_FACILITY=3\nCODE_FILE=src/foobar.c\nCODE_LINE=77\nBINARY_BLOB\n"
    b"\x04\x00\x00\x00\x00\x00\x00\x00xx\nx\nCODE_FUNC=some_func\n"
    b"SYSLOG_IDENTIFIER=footool\nMESSAGE=Something happened.\n"
)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeJournal]:
    found = FakeJournal(tmp_path / "journal")
    yield found
    found.close()


# --- bytes -------------------------------------------------------------------------------------------------


def test_the_example_of_the_description() -> None:
    fields = [
        ("PRIORITY", "3"),
        ("SYSLOG_FACILITY", "3"),
        ("CODE_FILE", "src/foobar.c"),
        ("CODE_LINE", "77"),
        ("BINARY_BLOB", "xx\nx"),
        ("CODE_FUNC", "some_func"),
        ("SYSLOG_IDENTIFIER", "footool"),
        ("MESSAGE", "Something happened."),
    ]
    assert encode(fields) == EXAMPLE


@pytest.mark.parametrize("value", ["", "a=b", "x\nPRIORITY=0\n", "\n", "\0\n\xff", "ä€😀", "\ud800", "line\r\nline"])
def test_no_value_becomes_a_field(value: str) -> None:
    found = read_entry(encode([("MESSAGE", value), ("PRIORITY", "6")]))
    assert found == {"MESSAGE": value.encode("utf-8", "backslashreplace"), "PRIORITY": b"6"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("hendrix_event", "HENDRIX_EVENT"), ("_PID", "PID"), ("3d", "D"), ("a.b=c\nd", "A_B_C_D"), ("ä", ""), ("_", "")],
)
def test_names_are_those_that_it_takes(name: str, expected: str) -> None:
    assert field_name(name) == expected
    assert len(field_name("A" * 100)) == 64


def test_values_are_bounded() -> None:
    assert len(read_entry(encode([("MESSAGE", "€" * 10**6)]))["MESSAGE"]) == LONGEST_VALUE
    assert len(read_entry(encode((f"F{number}", "x") for number in range(10_000)))) < 1024, "the journal's limit"


# --- the socket --------------------------------------------------------------------------------------------


def test_small_entries_are_datagrams_and_large_ones_files(fake: FakeJournal) -> None:
    entries = Journal(fake.path)
    large = "x" * 300_000
    assert entries.send(encode([("MESSAGE", "small")]))
    assert entries.send(encode([("MESSAGE", large), ("ALSO", large), ("TOO", large * 40)])) is True
    small, big = fake.entries()
    assert small == {"MESSAGE": b"small"}
    assert len(big["ALSO"]) == LONGEST_VALUE
    entries.close()


def test_what_no_datagram_holds_comes_as_a_sealed_file(fake: FakeJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_BUFFER", 4096)
    entries = Journal(fake.path)
    assert entries.send(encode([("MESSAGE", "y" * 200_000)]))
    (found,) = fake.entries()
    assert found == {"MESSAGE": b"y" * 200_000} and fake.files == 1
    entries.close()


def test_a_journal_that_takes_nothing_is_not_waited_for(fake: FakeJournal) -> None:
    entries = Journal(fake.path)
    began = time.monotonic()
    taken = sum(entries.send(b"MESSAGE=x\n") for _ in range(5000))
    assert 0 < taken < 5000
    assert time.monotonic() - began < 5
    fake.entries()
    assert entries.send(b"MESSAGE=x\n"), "and then it is"
    fake.close()
    assert not entries.send(b"MESSAGE=x\n"), "gone"
    os.unlink(fake.path)
    assert not entries.send(b"MESSAGE=x\n")
    another = FakeJournal(Path(fake.path))
    assert entries.send(b"MESSAGE=x\n"), "another one at the same place"
    another.close()
    entries.close()


def test_whether_a_descriptor_is_the_journal() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        facts = os.fstat(ours.fileno())
        told = {"JOURNAL_STREAM": f"{facts.st_dev}:{facts.st_ino}"}
        assert is_journal(ours.fileno(), told)
        assert not is_journal(theirs.fileno(), told), "redirected"
        assert not is_journal(ours.fileno(), {})
        for broken in ("", ":", "1", "x:y", f"{facts.st_dev}:", f"-{facts.st_dev}:{facts.st_ino}"):
            assert not is_journal(ours.fileno(), {"JOURNAL_STREAM": broken})
        closed = ours.fileno()
    assert not is_journal(closed, told)


# --- the log -----------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging as in a fresh process, and as it was afterwards."""
    root, own = logging.getLogger(), logging.getLogger("hendrix")
    before = (root.handlers[:], root.level, own.handlers[:], own.level, own.propagate)
    monkeypatch.setattr(log, "_handler", None)
    monkeypatch.setattr(log.atexit, "register", lambda call: None)
    monkeypatch.setattr(log.os, "register_at_fork", lambda **calls: None)
    root.handlers[:] = own.handlers[:] = []
    yield
    root.handlers[:], root.level, own.handlers[:], own.level, own.propagate = before
    process.role, process.number = "supervisor", 0
    while log._write in events._listeners:
        events.forget(log._write)
    for logger in (root, own):
        logger.setLevel(logger.level)  # empties the cache of enabled levels


def configure(config: Config) -> None:
    """Without the handlers that pytest puts at the root for the time of a test."""
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if isinstance(handler, SinkHandler)]
    log.configure(config)


Logged = Callable[[], list[dict[str, bytes]]]


@pytest.fixture
def logged(fake: FakeJournal, monkeypatch: pytest.MonkeyPatch) -> Logged:
    monkeypatch.setattr(journal, "PLACE", fake.path)
    configure(Config(log_format="journal"))
    return fake.entries


def test_an_event_with_its_facts(logged: Logged) -> None:
    emit("worker.exited", WARNING, worker=3, reason="out of\nmemory", id="abc")
    (entry,) = logged()
    assert entry["MESSAGE"] == rb'worker.exited worker=3 reason="out of\nmemory" id=abc'
    assert entry["PRIORITY"] == b"4" and entry["SYSLOG_IDENTIFIER"] == b"hendrix"
    assert entry["HENDRIX_EVENT"] == b"worker.exited" and entry["HENDRIX_WORKER"] == b"3"
    assert entry["HENDRIX_REASON"] == b"out of\nmemory", "whole, of two lines"
    assert entry["HENDRIX_REQUEST_ID"] == b"abc" and entry["HENDRIX_PROCESS"] == b"supervisor"


def test_a_record_of_the_projects(logged: Logged) -> None:
    log.be("worker", 2)
    reset = named.set("r-1")
    try:
        logging.getLogger("shop.cart").error("no stock\nPRIORITY=0\n\x1b[2J")
    finally:
        named.reset(reset)
    (entry,) = logged()
    assert entry["MESSAGE"] == b"no stock\nPRIORITY=0\n\\x1b[2J" and entry["PRIORITY"] == b"3"
    assert entry["LOGGER"] == b"shop.cart" and entry["HENDRIX_REQUEST_ID"] == b"r-1"
    assert entry["HENDRIX_PROCESS"] == b"worker 2" and entry["HENDRIX_WORKER"] == b"2"
    assert entry["CODE_FILE"] == __file__.encode() and int(entry["CODE_LINE"]) > 100
    assert entry["CODE_FUNC"] == b"test_a_record_of_the_projects" and entry["THREAD_NAME"] == b"MainThread"
    assert "HENDRIX_EVENT" not in entry


def test_a_traceback_is_in_the_message(logged: Logged) -> None:
    try:
        raise ValueError("bad")
    except ValueError as error:
        emit("request.failed", ERROR, exc=error)
    (entry,) = logged()
    first, *rest = entry["MESSAGE"].decode().splitlines()
    assert first.startswith("request.failed ") and rest[0].strip() == "Traceback (most recent call last):"
    assert rest[-1].strip() == "ValueError: bad" and entry["PRIORITY"] == b"3"


def test_what_it_does_not_take_goes_to_the_stream(
    fake: FakeJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PLACE", fake.path)
    configure(Config(log_format="journal", log=str(tmp_path / "hx.log")))
    for number in range(600):
        emit("a.b", INFO, number=number)
    lines = read_log((tmp_path / "hx.log").read_text())
    entries = fake.entries()
    assert lines and entries
    numbers = [int(entry["HENDRIX_NUMBER"]) for entry in entries] + [int(line.facts["number"]) for line in lines]
    assert sorted(numbers) == list(range(600)), "none twice, none lost"
    emit("a.b", INFO, number=601)
    assert len(fake.entries()) == 1, "and it is taken again"


@pytest.mark.parametrize("matches", [True, False])
def test_auto_is_the_journal_where_stderr_is(
    matches: bool, fake: FakeJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino + (not matches)}")
    monkeypatch.setattr(journal, "PLACE", fake.path)
    configure(Config())
    emit("a.b", INFO)
    assert len(fake.entries()) == matches


@pytest.mark.parametrize("options", [{"log_format": "text"}, {"log_format": "json"}, {"log": "FILE"}])
def test_who_asks_for_another_format_or_a_file_has_it(
    options: dict[str, str], fake: FakeJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
    monkeypatch.setattr(journal, "PLACE", fake.path)
    configure(Config(**{name: value.replace("FILE", str(tmp_path / "hx.log")) for name, value in options.items()}))
    emit("a.b", INFO)
    assert fake.entries() == []


def test_a_journal_that_is_not_there_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PLACE", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="--log-format journal: no journal listens at"):
        configure(Config(log_format="journal"))
    facts = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
    configure(Config())  # a stream without its socket, as in a container: text


# --- JSON --------------------------------------------------------------------------------------------------


def test_json_lines_have_the_same_fields_always(tmp_path: Path) -> None:
    path = tmp_path / "hx.log"
    configure(Config(log_format="json", log=str(path)))
    emit("worker.exited", WARNING, worker=3, share=0.5, forced=True, none=None, bad=float("nan"), names=["a", "b"])
    try:
        raise ValueError("b\x7fad\n")
    except ValueError:
        secrets = {"token": "hunter2", "api_key": "hunter2", "Cookie": "hunter2"}
        extra = {"order": 7, "status_code": 500, **secrets, "request": object(), "request_id": "r-1"}
        logging.getLogger("shop").exception("no\nstock", extra=extra)
    event, record = (json.loads(line) for line in path.read_text().splitlines())
    for one in (event, record):
        assert list(one) == [
            *("time", "level", "pid", "process", "logger", "event", "message", "request_id", "facts", "traceback")
        ]
        assert one["pid"] == os.getpid() and one["process"] == "supervisor" and one["time"].endswith("Z")
    assert (event["event"], event["level"], event["logger"]) == ("worker.exited", "WARNING", "hendrix")
    facts = {"worker": 3, "share": 0.5, "forced": True, "none": None, "bad": "nan", "names": ["a", "b"]}
    assert event["facts"] == facts and event["request_id"] is None and event["traceback"] is None
    assert (record["event"], record["message"], record["request_id"]) == (None, "no\nstock", "r-1")
    assert record["facts"] == {"order": 7, "status_code": 500, **dict.fromkeys(secrets, "***")}
    assert record["traceback"].startswith("Traceback") and "ValueError: b\x7fad" in record["traceback"]
