"""What serves nobody ends a connection once it is too much, and costs honest peers nothing (RFC 9113 section 10.5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.limits import Limits
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer

MOST = 1100
POST = [*f.POST, ("content-length", "3")]


def flood(peer: Peer, sends: Callable[[int], bytes], most: int = MOST) -> int:
    """Send until the connection ends; returns how often."""
    for number in range(most):
        peer.send(sends(number))
        if peer.machine.over is not None:
            peer.ends_with(f.ENHANCE_YOUR_CALM)
            return number
    raise AssertionError(f"not ended after {most}")


def test_rapid_reset() -> None:
    """CVE-2023-44487."""
    peer = Peer(answers=False)
    count = flood(peer, lambda n: peer.headers(2 * n + 1) + f.rst_stream(2 * n + 1))
    assert 100 < count < 300
    assert peer.exchanges == {}  # no application ever heard of them


def test_rapid_reset_in_separate_packets() -> None:
    peer = Peer(answers=False)

    def sends(number: int) -> bytes:
        peer.send(peer.headers(2 * number + 1))
        return f.rst_stream(2 * number + 1)

    assert 100 < flood(peer, sends) < 300


@pytest.mark.parametrize(
    "fault",
    [
        lambda number: f.window_update(number, 0),
        lambda number: f.window_update(number, 2**31 - 1),
        lambda number: f.data(number, b"x"),
        lambda number: f.priority(number, on=number),
    ],
)
def test_made_you_reset(fault: Callable[[int], bytes]) -> None:
    """CVE-2025-8671: faults for which we are the one to reset."""
    peer = Peer(answers=False)
    count = flood(peer, lambda n: peer.headers(2 * n + 1) + fault(2 * n + 1))
    assert 100 < count < 300


def test_malformed_requests() -> None:
    peer = Peer()
    assert flood(peer, lambda n: peer.headers(2 * n + 1, [*f.GET, ("X", "1")])) < 300


def test_requests_past_the_limit_of_streams() -> None:
    peer = Peer(limits=Http2Limits(streams=2), answers=False)
    assert flood(peer, lambda n: peer.headers(2 * n + 1)) < 300


@pytest.mark.parametrize(
    "frame",
    [
        f.settings(),
        f.settings((f.INITIAL_WINDOW_SIZE, 1)),
        f.ping(),
        f.ping(ack=True),
        f.frame(f.SETTINGS, f.ACK),
        f.priority(1),
        f.priority_update(1, b"u=1"),
        f.frame(0x0B, 0, 0, b"x"),
        f.frame(0xFF),
        f.window_update(0, 1),
        f.window_update(1, 1),
        f.data(1),
        f.frame(f.DATA, f.PADDED, 1, b"\xff" + b"\0" * 255),
    ],
)
def test_frames_that_serve_nobody(frame: bytes) -> None:
    peer = Peer(answers=False)
    peer.send(peer.headers(1, f.POST, end=False))
    flood(peer, lambda _n: frame)


def test_large_settings_count_for_more() -> None:
    peer = Peer()
    assert flood(peer, lambda _n: f.settings(*[(f.INITIAL_WINDOW_SIZE, 1)] * 2000)) < 20


def test_the_answers_to_a_flood_are_bounded() -> None:
    peer = Peer()
    peer.send(f.ping() * 100_000)
    peer.ends_with(f.ENHANCE_YOUR_CALM)
    assert len(peer.sent_bytes) < 20_000


@pytest.mark.parametrize("size", [0, 1])
def test_continuation_flood(size: int) -> None:
    """CVE-2024-27316 and others."""
    peer = Peer()
    peer.send(f.frame(f.HEADERS, 0, 1, peer.block(f.GET)))
    assert flood(peer, lambda _n: f.frame(f.CONTINUATION, 0, 1, b"\x82" * size)) <= 64


def test_continuation_flood_of_large_frames() -> None:
    peer = Peer()
    peer.send(f.frame(f.HEADERS, 0, 1, peer.block(f.GET)))
    assert flood(peer, lambda _n: f.frame(f.CONTINUATION, 0, 1, b"\x82" * 16384)) < 10


def test_header_bomb() -> None:
    """A large entry of the table, named again and again: 16 kB become 60 MB, if one lets them."""
    peer = Peer(limits=Http2Limits(http=Limits(head=65536)))
    peer.send(f.frame(f.HEADERS, 5, 1, peer.block(f.GET) + b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000))
    assert peer.ended(1)
    for number in range(3, 13, 2):
        peer.send(f.frame(f.HEADERS, 5, number, b"\xbe" * 16000))
        assert peer.exchanges[number].refused == 431


def test_header_bombs_are_answered_a_few_times() -> None:
    """Each takes the time of dozens of requests, and nobody honest sends one."""
    peer = Peer(limits=Http2Limits(http=Limits(head=65536)))
    peer.send(f.frame(f.HEADERS, 5, 1, peer.block(f.GET) + b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000))
    assert 5 < flood(peer, lambda n: f.frame(f.HEADERS, 5, 2 * n + 3, b"\xbe" * 16000)) < 20
    peer = Peer(limits=Http2Limits(http=Limits(head=65536)))
    assert 5 < flood(peer, lambda n: f.frame(f.HEADERS, 5, 2 * n + 1, b"\x82" * 16000)) < 200


def test_heads_that_are_somewhat_too_large_are_all_answered() -> None:
    peer = Peer(limits=Http2Limits(http=Limits(head=1000)))
    for number in range(1, 2001, 2):
        peer.send(peer.headers(number, [*f.GET, ("x-large", "v" * 1000)]))
        assert peer.exchanges[number].refused == 431
    peer.lives()


def test_fields_that_nobody_waits_for() -> None:
    """Behind our own reset: some may have been on their way, but not that many."""
    peer = Peer(answers=False)
    peer.send(peer.headers(1, POST, end=False) + f.data(1, b"four"))
    flood(peer, lambda _n: f.frame(f.HEADERS, f.END_HEADERS | f.END_STREAM, 1, b"\x82"))


def test_a_huffman_bomb_is_none() -> None:
    peer = Peer()
    peer.send(f.frame(f.HEADERS, 5, 1, peer.block(f.GET) + b"\x00\x01a\xff\x81\x7a" + b"\x07" * 15744))
    assert peer.exchanges[1].refused == 431


class TestTheHonest:
    def test_a_browser_that_leaves_a_page(self) -> None:
        peer = Peer(answers=False)
        for number in range(1, 201, 2):
            peer.send(peer.headers(number))
        for number in range(1, 201, 2):
            peer.send(f.rst_stream(number))
        peer.lives()

    def test_one_that_does_so_every_three_seconds(self) -> None:
        peer = Peer(answers=False)
        number = 1
        for second in range(0, 120, 3):
            peer.now = float(second)
            for _ in range(50):
                peer.send(peer.headers(number), f.rst_stream(number))
                number += 2
        assert peer.machine.over is None

    def test_one_that_cancels_downloads(self) -> None:
        peer = Peer(answers=False)
        for number in range(1, 401, 2):
            stream = peer.get(number).stream
            peer.machine.answers.head(stream, "200 OK", [], b"")
            peer.send(f.rst_stream(number))
        peer.lives()

    def test_one_that_downloads_and_opens_its_windows_at_each_frame(self) -> None:
        peer = Peer(answers=False)
        peer.get(1)
        peer.answer(1, b"x" * 20_000_000)
        while not peer.ended(1):
            peer.flush()
            got = peer.of(f.DATA, 1)
            peer.frames = [sent for sent in got if sent.ends]
            for piece in got:
                size = len(piece.payload)
                peer.send(f.window_update(1, size) + f.window_update(0, size))
            assert peer.machine.over is None

    @pytest.mark.parametrize("window", [65535, 16 * 1024 * 1024])
    def test_one_that_opens_them_at_every_4_kilobytes(self, window: int) -> None:
        """As clients in Go do, whose readers take such pieces of what has come."""
        peer = Peer(answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, window)))
        peer.send(f.window_update(0, 2**30))
        peer.get(1)
        peer.answer(1, b"x" * 8_000_000)
        while not peer.ended(1):
            peer.flush()
            count = sum(len(sent.payload) for sent in peer.of(f.DATA, 1))
            peer.frames = [sent for sent in peer.of(f.DATA, 1) if sent.ends]
            for _ in range(count // 4096):
                peer.send(f.window_update(1, 4096) + f.window_update(0, 4096))
            peer.send(f.window_update(1, count % 4096 or 1) + f.window_update(0, count % 4096 or 1))
            assert peer.machine.over is None

    @pytest.mark.parametrize("size", [1, 16384, 16385, 65535])
    def test_the_same_with_an_answer_that_is_written_in_pieces(self, size: int) -> None:
        """Each piece goes out at once, in as many frames as it takes."""
        peer = Peer(answers=False)
        peer.get(1)
        stream = peer.exchanges[1].stream
        peer.machine.answers.head(stream, "200 OK", [], b"")
        for _ in range(2000):
            peer.machine.answers.piece(stream, b"x" * size)
            peer.flush()
            got = peer.of(f.DATA, 1)
            peer.frames.clear()
            assert sum(len(piece.payload) for piece in got) == size
            for piece in got:
                count = len(piece.payload)
                peer.send(f.window_update(1, count) + f.window_update(0, count))
            assert peer.machine.over is None

    def test_one_that_uploads_in_small_pieces(self) -> None:
        peer = Peer()
        peer.send(peer.headers(1, f.POST, end=False))
        for _ in range(5000):
            peer.send(f.data(1, b"x"))
        peer.send(f.data(1, end=True))
        assert peer.ended(1)

    def test_one_that_pings_ten_times_a_second(self) -> None:
        peer = Peer()
        for tenth in range(600):
            peer.now = tenth / 10
            peer.send(f.ping())
        assert peer.machine.over is None

    def test_one_that_asks_ten_thousand_times(self) -> None:
        peer = Peer()
        for number in range(1, 20_001, 2):
            peer.send(peer.headers(number))
            peer.frames.clear()
        assert len(peer.exchanges) == 10_000
        assert peer.machine.over is None
