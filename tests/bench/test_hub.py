"""The hall and the relay: what the audience finds in what it receives, and the section."""

from __future__ import annotations

from dataclasses import asdict

from bench import audience, hub
from bench.rounds import Plan


def test_a_message_has_100_bytes_and_is_masked() -> None:
    """RFC 6455 section 5.3; the mask is one of zeros."""
    frame = audience.spoken(17)
    assert frame[:6] == bytes((0x81, 0x80 | 100)) + bytes(4)
    assert len(frame) == 106
    assert audience.numbers(frame) == ([17], b"xxxx")


def test_messages_are_found_wherever_they_are_cut() -> None:
    """In frames of any server; a ping between them holds what it likes."""
    data = b'\x81\x7e\x00\x80{"data":"hall@000001xxx"}\x89\x04@@@@' + b"\x81\x64hall@000002" + b"x" * 90
    for at in range(len(data)):
        first, rest = audience.numbers(data[:at])
        second, _ = audience.numbers(rest + data[at:])
        assert first + second == [1, 2], at


def test_a_server_that_loses_messages_has_no_figures() -> None:
    good = hub.Held("", 1000, 1, (10, 20, 30), (15, 25, 30), 50_000, 20)
    bad = hub.Held("memory", 1000, 1, (0, 0, 0), (0, 0, 0), 0, 0, "messages were lost")
    raw = {"halls": [asdict(good), asdict(bad)], "relay": [asdict(hub.Relayed(10_000, 9_999.5, (0.3, 2, 5), 40))]}
    section = hub.draw(raw, Plan(1, 1))
    assert "| Hendrix | 10.0 | 20.0 | 25.0 | 50,000 | 20.0 | 1 |" in section.text
    assert "| Channels, in memory | – | – | – | – | – | 0 of 1: messages were lost |" in section.text
    assert "| 10,000 | 10,000 | 0.30 | 2.00 | 40.0 | 1 |" in section.text
    assert "50,000" in section.pictures["hub.svg"]
