"""RFC 9218: which answer goes first."""

from __future__ import annotations

import pytest

from hendrix.wire.http2.priority import UNSAID, read_priority
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer

LARGEST = 2**31 - 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"u=0", (0, False)),
        (b"u=7, i", (7, True)),
        (b"i", (3, True)),
        (b"i=?0", (3, False)),
        (b"i=?1,u=5", (5, True)),
        (b"u=2;x=1, i;y", (2, True)),
        (b"", (3, False)),
        (b"u=8", (3, False)),
        (b"u=-1", (3, False)),
        (b"u=x, i=1", (3, False)),
        (b"u=1, u=2", (2, False)),
        (b"unknown=3, u=1", (1, False)),
        (b"u=1," + b"x" * 300, UNSAID),
    ],
)
def test_4_parameters(value: bytes, expected: tuple[int, bool]) -> None:
    assert read_priority(value) == expected


class Downloads(Peer):
    """A peer whose transport has no room while requests come, then a frame's worth at a time."""

    def __init__(self) -> None:
        super().__init__(answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, LARGEST)))
        self.send(f.window_update(0, LARGEST - 65535))
        self.machine.out.congested = True
        self.room = 0

    def ask(self, number: int, size: int, priority: str = "") -> None:
        self.get(number, *([("priority", priority)] if priority else []))
        self.answer(number, b"x" * size)

    def order(self) -> list[int]:
        """The streams in the order in which frames of their bodies are sent."""
        self.frames.clear()
        while self.machine.out.waiting:
            self.room = 1
            self.flush()
        return [sent.stream for sent in self.of(f.DATA)]


BIG = 3 * 16384 + 16384 * 2 + 1


def test_5_the_urgent_go_first() -> None:
    peer = Downloads()
    peer.ask(1, BIG, "u=5")
    peer.ask(3, BIG, "u=0")
    peer.ask(5, BIG)
    assert peer.order() == [3] * 6 + [5] * 6 + [1] * 6


def test_10_those_that_are_of_use_only_as_a_whole_go_one_after_the_other() -> None:
    peer = Downloads()
    peer.ask(1, BIG, "u=3")
    peer.ask(3, BIG, "u=3")
    assert peer.order() == [1] * 6 + [3] * 6


def test_10_those_that_are_of_use_in_pieces_take_turns() -> None:
    peer = Downloads()
    for number in (1, 3, 5):
        peer.ask(number, BIG, "u=3, i")
    assert peer.order()[:9] == [1, 3, 5] * 3  # then their rests are small


def test_10_and_so_do_those_of_which_nothing_was_said() -> None:
    peer = Downloads()
    for number in (1, 3):
        peer.ask(number, BIG)
    assert peer.order()[:6] == [1, 3] * 3


def test_10_both_kinds_share() -> None:
    peer = Downloads()
    peer.ask(1, BIG, "u=3, i")
    peer.ask(3, BIG, "u=3")
    assert sorted(peer.order()[:6]) == [1, 1, 1, 3, 3, 3]


def test_small_answers_pass_large_downloads() -> None:
    peer = Downloads()
    for number in (1, 3, 5):
        peer.ask(number, 1_000_000)
    peer.room = 1
    for _ in range(4):
        peer.flush()
    peer.room = 0
    peer.ask(7, 1000)
    assert peer.order()[0] == 7


def test_but_not_the_more_urgent_ones() -> None:
    peer = Downloads()
    peer.ask(1, BIG, "u=1")
    peer.ask(3, 1000, "u=4")
    assert peer.order() == [1] * 6 + [3]


def test_7_1_a_priority_is_changed() -> None:
    peer = Downloads()
    peer.ask(1, BIG, "u=3")
    peer.ask(3, BIG, "u=3")
    peer.send(f.priority_update(1, b"u=6"))
    assert peer.order() == [3] * 6 + [1] * 6


def test_7_1_a_priority_that_comes_before_its_stream() -> None:
    peer = Downloads()
    peer.send(f.priority_update(5, b"u=0"))
    peer.ask(1, BIG, "u=3")
    peer.ask(5, BIG, "u=7")
    assert peer.order() == [5] * 6 + [1] * 6


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (f.frame(f.PRIORITY_UPDATE, 0, 1, b"\0\0\0\1u=1"), f.PROTOCOL_ERROR),
        (f.frame(f.PRIORITY_UPDATE, 0, 0, b"\0\0\0\0u=1"), f.PROTOCOL_ERROR),
        (f.frame(f.PRIORITY_UPDATE, 0, 0, b"\0\0\0\2u=1"), f.PROTOCOL_ERROR),
        (f.frame(f.PRIORITY_UPDATE, 0, 0, b"\0\0\0"), f.FRAME_SIZE_ERROR),
    ],
)
def test_7_1_not_valid(sent: bytes, code: int) -> None:
    peer = Peer()
    peer.send(sent)
    peer.ends_with(code)


def test_7_1_of_streams_that_never_come_only_so_many_are_kept() -> None:
    peer = Peer()
    for number in range(1, 1600, 2):
        peer.send(f.priority_update(number, b"u=1"))
    assert len(peer.machine._table._promised) == 128
    peer.get(1601)
    assert peer.machine._table._promised == {}


def test_7_1_of_a_stream_that_is_over_it_means_nothing() -> None:
    peer = Peer()
    peer.get(1)
    peer.send(f.priority_update(1, b"u=1"))
    peer.lives()


def test_2_1_the_old_priorities_are_done_without() -> None:
    assert b"\0\x09\0\0\0\1" in Peer().sent_bytes
