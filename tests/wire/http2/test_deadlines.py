"""By when a peer of HTTP/2 must have moved: no clock, time is an argument."""

from __future__ import annotations

import pytest

from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.limits import Limits
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer

LIMITS = Http2Limits(
    http=Limits(head_timeout=10, body_timeout=20, min_rate=500, keep_alive=65), write_timeout=30, settings_timeout=10
)


def peer(**setting: object) -> Peer:
    return Peer(limits=LIMITS, **setting)  # type: ignore[arg-type]


@pytest.mark.parametrize("sent", [b"", f.PREFACE[:5], f.PREFACE, f.PREFACE + f.settings()[:8]])
def test_the_preface_has_the_time_of_a_head(sent: bytes) -> None:
    late = peer(greet=False)
    late.send(sent)
    late.at(9.9)
    assert late.machine.over is None
    late.at(10)
    assert late.machine.over is not None
    assert late.of(f.GOAWAY) == []


def test_an_idle_connection_is_kept_for_a_while() -> None:
    idle = peer()
    idle.at(64.9)
    assert idle.machine.over is None
    idle.at(65)
    idle.ends_with(f.NO_ERROR)


def test_counted_from_the_last_answer() -> None:
    idle = peer(answers=False)
    idle.get(1)
    idle.at(100)
    assert idle.machine.over is None
    idle.answer(1)
    idle.flush()
    idle.at(164.9)
    assert idle.machine.over is None
    idle.at(165)
    idle.ends_with(f.NO_ERROR)


def test_pings_do_not_keep_it() -> None:
    idle = peer()
    for second in range(65):
        idle.at(float(second))
        idle.send(f.ping())
    assert idle.machine.over is None
    idle.at(65)
    assert idle.machine.over is not None


@pytest.mark.parametrize("sent", [f.frame(f.HEADERS, 0, 1, b"\x82"), f.frame(f.PING)[:3], b"\0", f.ping()[:12]])
def test_a_head_or_frame_that_is_not_completed(sent: bytes) -> None:
    slow = peer()
    slow.at(3)
    slow.send(sent)
    slow.at(12.9)
    assert slow.machine.over is None
    slow.at(13)
    slow.ends_with(f.ENHANCE_YOUR_CALM)


def test_a_head_that_is_dripped() -> None:
    slow = peer()
    block = slow.block(f.GET)
    slow.send(f.frame(f.HEADERS, f.END_STREAM, 1, block[:1]))
    for second in range(1, 10):
        slow.at(float(second))
        slow.send(f.frame(f.CONTINUATION, 0, 1, b""))
    slow.at(10)
    slow.ends_with(f.ENHANCE_YOUR_CALM)


def test_a_frame_that_is_dripped() -> None:
    slow = peer()
    data = f.frame(f.HEADERS, 5, 1, b"x" * 100)
    for second in range(10):
        slow.at(float(second))
        slow.send(data[second : second + 1])
    slow.at(10)
    slow.ends_with(f.ENHANCE_YOUR_CALM)


def test_a_body_that_does_not_come() -> None:
    slow = peer()
    slow.send(slow.headers(1, f.POST, end=False))
    slow.at(19.9)
    assert slow.exchanges[1].refused == 0
    slow.at(20)
    assert slow.exchanges[1].refused == 408
    assert slow.ended(1)
    assert [sent.code for sent in slow.of(f.RST_STREAM)] == [f.NO_ERROR]
    slow.lives()


def test_a_body_that_stops() -> None:
    slow = peer()
    slow.send(slow.headers(1, f.POST, end=False), *[f.data(1, b"x" * 16000)] * 3)
    slow.at(10)
    slow.send(f.data(1, b"x"))
    slow.at(29.9)
    assert slow.exchanges[1].refused == 0
    slow.at(30)
    assert slow.exchanges[1].refused == 408


def test_a_body_below_its_rate() -> None:
    slow = peer()
    slow.send(slow.headers(1, f.POST, end=False))
    second = 0
    while not slow.exchanges[1].refused:
        second += 1
        slow.at(float(second))
        slow.send(f.data(1, b"x" * 100))
    assert slow.exchanges[1].refused == 408
    assert 20 <= second <= 26


def test_a_body_above_it_in_frames_that_take_long() -> None:
    """A frame of 16,000 bytes at 600 bytes a second is on its way for longer than a body may stand still."""
    slow = peer(answers=False)
    slow.send(slow.headers(1, f.POST, end=False))
    data = f.data(1, b"x" * 16000) * 2
    for second in range(1, 52):
        slow.at(float(second))
        slow.send(data[(second - 1) * 600 : second * 600])
        assert slow.exchanges[1].refused == 0
        assert slow.machine.over is None
    slow.send(data[51 * 600 :])
    assert len(slow.exchanges[1].body) == 32000


def test_a_frame_of_a_body_below_it() -> None:
    slow = peer(answers=False)
    slow.send(slow.headers(1, f.POST, end=False))
    data = f.data(1, b"x" * 16000)
    second = 0
    while not slow.exchanges[1].refused:
        second += 1
        assert second < 30
        slow.at(float(second))
        slow.send(data[(second - 1) * 50 : second * 50])
    assert second >= 20


def test_a_body_that_nobody_takes_is_not_late() -> None:
    slow = peer(answers=False)
    slow.send(slow.headers(1, f.POST, end=False), f.data(1, b"x"))
    stream = slow.exchanges[1].stream
    slow.machine.hold(stream, slow.now)
    slow.at(1000)
    assert slow.exchanges[1].refused == 0
    slow.machine.release(stream, slow.now)
    slow.at(1019)
    assert slow.exchanges[1].refused == 0
    slow.at(1021)
    assert slow.exchanges[1].refused == 408


def test_one_late_body_is_no_matter_for_others() -> None:
    slow = peer(answers=False)
    slow.send(slow.headers(1, f.POST, end=False))
    slow.at(15)
    slow.send(slow.headers(3, f.POST, end=False))
    slow.at(20)
    assert slow.exchanges[1].refused == 408
    assert slow.exchanges[3].refused == 0
    slow.send(f.data(3, b"in time", end=True))
    assert slow.exchanges[3].complete


def test_what_is_left_of_a_body_that_nobody_wants() -> None:
    slow = peer()
    slow.send(slow.headers(1, [*f.POST, ("content-length", "10")], end=False))
    slow.answer(1)
    slow.at(20)
    assert [sent.code for sent in slow.of(f.RST_STREAM, 1)] == [f.CANCEL]
    assert slow.machine.idle


def test_and_of_one_that_was_late_before() -> None:
    slow = peer()
    slow.send(slow.headers(1, [*f.POST, ("content-length", "10")], end=False), f.data(1, b"abc"))
    slow.at(20)
    assert slow.exchanges[1].refused == 408
    assert slow.ended(1)
    slow.at(40)
    assert [sent.code for sent in slow.of(f.RST_STREAM, 1)] == [f.CANCEL]
    slow.at(105)
    slow.ends_with(f.NO_ERROR)


def test_and_of_one_that_was_answered_without_being_taken() -> None:
    slow = peer(answers=False)
    slow.send(slow.headers(1, [*f.POST, ("content-length", "10")], end=False), f.data(1, b"abc"))
    slow.machine.hold(slow.exchanges[1].stream, slow.now)
    slow.at(100)
    slow.answer(1)
    slow.flush()
    slow.at(120)
    assert [sent.code for sent in slow.of(f.RST_STREAM, 1)] == [f.CANCEL]
    assert slow.machine.idle


def test_and_of_one_that_is_held_although_nobody_wants_it() -> None:
    slow = peer(answers=False)
    slow.send(slow.headers(1, [*f.POST, ("content-length", "10")], end=False))
    slow.answer(1)
    slow.machine.hold(slow.exchanges[1].stream, slow.now)
    slow.at(20)
    assert slow.machine.idle


def test_trailers_that_are_too_large_end_a_request_that_nobody_wants() -> None:
    slow = peer(answers=False)
    slow.send(slow.headers(1, [*f.POST, ("content-length", "10")], end=False))
    slow.answer(1)
    slow.flush()
    block = slow.block([(f"x-{number}", "y" * 4000) for number in range(20)])
    pieces = [block[at : at + 16000] for at in range(0, len(block), 16000)]
    slow.send(f.frame(f.HEADERS, f.END_STREAM, 1, pieces[0]))
    slow.send(*[f.frame(f.CONTINUATION, 0, 1, piece) for piece in pieces[1:-1]])
    slow.send(f.frame(f.CONTINUATION, f.END_HEADERS, 1, pieces[-1]))
    assert slow.machine.idle
    slow.at(65)
    slow.ends_with(f.NO_ERROR)


@pytest.mark.parametrize("which", ["stream", "connection"])
def test_an_answer_that_the_peer_does_not_take(which: str) -> None:
    window = 100 if which == "stream" else 2**31 - 1
    slow = peer(answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, window)))
    slow.get(1)
    slow.machine.answers.head(slow.exchanges[1].stream, "200 OK", [], b"")
    slow.machine.answers.piece(slow.exchanges[1].stream, b"x" * 100_000)
    slow.flush()
    slow.at(5)
    slow.at(34.9)
    assert not slow.exchanges[1].lost
    slow.at(35)
    assert slow.exchanges[1].lost
    assert [sent.code for sent in slow.of(f.RST_STREAM, 1)] == [f.CANCEL]
    assert slow.machine.idle


def test_or_takes_in_drops() -> None:
    slow = peer(answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, 100)))
    slow.get(1)
    slow.answer(1, b"x" * 100_000)
    second = 0
    while not slow.of(f.RST_STREAM, 1):
        second += 1
        assert second < 40
        slow.at(float(second))
        slow.send(f.window_update(1, 1))


def test_one_that_takes_enough_is_served_for_as_long_as_it_takes() -> None:
    slow = peer(answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, 100)))
    slow.get(1)
    slow.answer(1, b"x" * 65_000)
    for second in range(1, 120):
        slow.at(float(second))
        slow.send(f.window_update(1, 550))
    assert slow.ended(1)


def test_an_answer_that_others_are_sent_before_is_not_late() -> None:
    slow = peer(answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, 2**31 - 1)))
    slow.get(1)
    slow.machine.out.congested = True
    slow.room = 0
    slow.answer(1, b"x" * 65_000)
    for second in range(0, 100, 5):
        slow.at(float(second))
    assert not slow.of(f.RST_STREAM, 1)
