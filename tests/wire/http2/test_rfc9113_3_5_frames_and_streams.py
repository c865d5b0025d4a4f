"""RFC 9113 sections 3.4, 4 and 5: preface, frames, states of streams, errors. The cases of h2spec are among them."""

from __future__ import annotations

import pytest

from hendrix.wire.http2.limits import Http2Limits
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer, in_all_ways


@in_all_ways
class Test_3_4_preface:
    def test_settings_are_the_first_frame_we_send(self, way: str) -> None:
        peer = Peer(way, greet=False)
        peer.flush()
        first = peer.frames[0]
        assert (first.kind, first.flags, first.stream) == (f.SETTINGS, 0, 0)
        peer.send(f.PREFACE + f.settings())
        assert peer.of(f.SETTINGS)[1].flags == f.ACK

    @pytest.mark.parametrize(
        "preface",
        [b"INVALID CONNECTION PREFACE\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"],
    )
    def test_another_preface_is_an_error(self, way: str, preface: bytes) -> None:
        peer = Peer(way, greet=False)
        peer.send(preface)
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("first", [f.ping(), f.frame(f.SETTINGS, f.ACK), f.window_update(0, 1), f.priority(1)])
    def test_the_first_frame_must_be_settings(self, way: str, first: bytes) -> None:
        peer = Peer(way, greet=False)
        peer.send(f.PREFACE + first)
        peer.ends_with(f.PROTOCOL_ERROR)


@in_all_ways
class Test_4_1_frame_format:
    @pytest.mark.parametrize("kind", [0x0A, 0x0B, 0x11, 0x16, 0xFF])
    @pytest.mark.parametrize("stream", [0, 1, 2, 99])
    def test_unknown_kinds_are_ignored(self, way: str, kind: int, stream: int) -> None:
        peer = Peer(way)
        peer.send(f.frame(kind, 0xFF, stream, b"\0" * 8))
        peer.lives()

    def test_undefined_flags_are_ignored(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.PING, 0x16, 0, b"undefined"[:8]))
        assert peer.of(f.PING)[0].payload == b"undefine"
        peer.send(f.frame(f.HEADERS, 0x92 | f.END_HEADERS | f.END_STREAM, 1, peer.block(f.GET)))
        assert peer.ended(1)

    def test_the_reserved_bit_is_ignored(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.PING, 0, 0x8000_0000, b"reserved"))
        assert peer.of(f.PING)[0] == f.Frame(f.PING, f.ACK, 0, b"reserved")
        peer.send(f.frame(f.HEADERS, f.END_HEADERS | f.END_STREAM, 0x8000_0001, peer.block(f.GET)))
        assert peer.ended(1)


@in_all_ways
class Test_4_2_frame_size:
    def test_the_largest_frame_is_taken(self, way: str) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False), f.data(1, b"x" * 16384, end=True))
        assert peer.exchanges[1].body == b"x" * 16384
        assert peer.ended(1)

    @pytest.mark.parametrize("kind", [f.DATA, f.HEADERS, f.SETTINGS, f.PING, 0x0B])
    def test_a_larger_one_is_an_error(self, way: str, kind: int) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False), f.frame(kind, 0, 1, b"", length=16385))
        peer.ends_with(f.FRAME_SIZE_ERROR)


@in_all_ways
class Test_4_3_header_compression:
    def test_a_block_that_cannot_be_decoded(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.HEADERS, f.END_HEADERS | f.END_STREAM, 1, b"\x00\x00\x00\x00\x00\xff"))
        peer.ends_with(f.COMPRESSION_ERROR)

    @pytest.mark.parametrize(
        "between",
        [
            f.priority(1),
            f.ping(),
            f.settings(),
            f.data(1, b"x"),
            f.frame(f.CONTINUATION, f.END_HEADERS, 3),
            f.frame(f.HEADERS, 5, 3, b"\x82"),
            f.frame(0x0B, 0, 1),
            f.window_update(0, 1),
        ],
    )
    def test_nothing_stands_within_a_header_block(self, way: str, between: bytes) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.HEADERS, f.END_STREAM, 1, peer.block(f.GET)), between)
        peer.ends_with(f.PROTOCOL_ERROR)


@in_all_ways
class Test_5_1_states:
    @pytest.mark.parametrize(
        "sent",
        [
            f.data(1, b"test", end=True),
            f.rst_stream(1),
            f.window_update(1, 100),
            f.frame(f.CONTINUATION, 4, 1, b"\x82"),
        ],
    )
    def test_idle(self, way: str, sent: bytes) -> None:
        peer = Peer(way)
        peer.send(sent)
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_idle_takes_priority(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.priority(1), f.priority(99, on=1))
        peer.lives()

    def test_half_closed_data(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.data(1, b"test", end=True))
        peer.resets(1, f.STREAM_CLOSED)

    def test_half_closed_headers(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), peer.headers(1))
        peer.resets(1, f.STREAM_CLOSED)

    def test_half_closed_continuation(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.frame(f.CONTINUATION, f.END_HEADERS, 1, b"\x82"))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_half_closed_takes_what_concerns_the_answer(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.window_update(1, 10), f.priority(1), f.rst_stream(1))
        assert peer.exchanges[1].lost
        peer.lives()

    @pytest.mark.parametrize("kind", ["data", "headers"])
    def test_closed_by_both_ends(self, way: str, kind: str) -> None:
        peer = Peer(way)
        peer.get(1)
        peer.send(f.data(1, b"test", end=True) if kind == "data" else peer.headers(1))
        peer.ends_with(f.STREAM_CLOSED)

    @pytest.mark.parametrize("kind", ["data", "headers"])
    def test_closed_by_the_peers_reset(self, way: str, kind: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.rst_stream(1))
        peer.send(f.data(1, b"test", end=True) if kind == "data" else peer.headers(1))
        peer.ends_with(f.STREAM_CLOSED)

    def test_closed_takes_late_frames(self, way: str) -> None:
        peer = Peer(way)
        peer.get(1)
        peer.send(f.window_update(1, 10), f.rst_stream(1), f.priority(1))
        peer.lives()

    def test_closed_by_our_reset_ignores_what_was_on_its_way(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1, [*f.POST, ("content-length", "3")], end=False), f.data(1, b"four"))
        peer.send(f.data(1, b"more"), peer.headers(1, [("x-trailer", "1")]), f.rst_stream(1))
        peer.resets(1, f.PROTOCOL_ERROR)

    def test_what_was_on_its_way_changes_the_table_all_the_same(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1, [*f.POST, ("content-length", "3")], end=False), f.data(1, b"four"))
        peer.send(peer.headers(1, [("x-late", "entered into the table")]))
        peer.send(peer.headers(3, [*f.GET, ("x-late", "entered into the table")]))
        assert (b"x-late", b"entered into the table") in peer.exchanges[3].request.headers


@in_all_ways
class Test_5_1_1_identifiers:
    @pytest.mark.parametrize("number", [0, 2, 4])
    def test_clients_use_odd_numbers(self, way: str, number: int) -> None:
        peer = Peer(way)
        peer.send(peer.headers(number))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("number", [1, 3, 7])
    def test_numbers_grow(self, way: str, number: int) -> None:
        peer = Peer(way)
        peer.get(5)
        peer.get(9)
        peer.send(peer.headers(number))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("number", [5, 9])
    def test_and_are_used_once(self, way: str, number: int) -> None:
        peer = Peer(way)
        peer.get(5)
        peer.get(9)
        peer.send(peer.headers(number))
        peer.ends_with(f.STREAM_CLOSED)

    def test_the_first_may_be_any(self, way: str) -> None:
        peer = Peer(way)
        peer.get(77)
        assert peer.ended(77)

    def test_the_last_number(self, way: str) -> None:
        peer = Peer(way)
        peer.get(2**31 - 1)
        assert peer.ended(2**31 - 1)


@in_all_ways
def test_5_1_2_too_many_streams_are_refused(way: str) -> None:
    peer = Peer(way, Http2Limits(streams=3), answers=False)
    assert (f.MAX_CONCURRENT_STREAMS.to_bytes(2, "big") + (3).to_bytes(4, "big")) in peer.sent_bytes
    for number in (1, 3, 5):
        peer.get(number)
    peer.send(peer.headers(7, [*f.GET, ("x-new", "to the table")]))
    assert [sent.code for sent in peer.of(f.RST_STREAM, 7)] == [f.REFUSED_STREAM]
    peer.answer(1)
    peer.flush()
    assert (b"x-new", b"to the table") in peer.get(9, ("x-new", "to the table")).request.headers


@in_all_ways
@pytest.mark.parametrize(("window", "most"), [(0, 16), (1, 128)])
def test_5_1_2_fewer_where_no_answer_could_leave(way: str, window: int, most: int) -> None:
    peer = Peer(way, answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, window)))
    for number in range(1, 260, 2):
        peer.send(peer.headers(number))
    assert len(peer.exchanges) == most
    refused = peer.of(f.RST_STREAM)
    assert (refused[0].stream, refused[0].code) == (2 * most + 1, f.REFUSED_STREAM)
    peer.send(f.settings((f.INITIAL_WINDOW_SIZE, 65535)))
    peer.get(301) if most < 128 else peer.lives()


@in_all_ways
class Test_5_3_priorities:
    def test_headers_that_depend_on_themselves(self, way: str) -> None:
        peer = Peer(way)
        block = (1).to_bytes(4, "big") + b"\xff" + peer.block(f.GET)
        peer.send(f.frame(f.HEADERS, f.END_HEADERS | f.END_STREAM | f.WITH_PRIORITY, 1, block))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_a_priority_that_depends_on_itself(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.priority(3, on=3))
        peer.ends_with(f.PROTOCOL_ERROR)
        peer = Peer(way, answers=False)
        peer.send(peer.headers(3), f.priority(3, on=3))
        peer.resets(3, f.PROTOCOL_ERROR)

    def test_headers_with_priority(self, way: str) -> None:
        peer = Peer(way)
        block = (0x8000_0003).to_bytes(4, "big") + b"\xff" + peer.block(f.GET)
        peer.send(f.frame(f.HEADERS, f.END_HEADERS | f.END_STREAM | f.WITH_PRIORITY, 1, block))
        assert peer.ended(1)

    @pytest.mark.parametrize("size", range(5))
    def test_headers_that_end_within_their_priority(self, way: str, size: int) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.HEADERS, f.END_HEADERS | f.END_STREAM | f.WITH_PRIORITY, 1, b"\0" * size))
        peer.ends_with(f.FRAME_SIZE_ERROR)


@in_all_ways
class Test_5_4_errors:
    def test_goaway_names_the_last_stream_and_the_code(self, way: str) -> None:
        peer = Peer(way)
        peer.get(1)
        peer.get(7)
        peer.send(f.frame(f.PING, 0, 0, b"short"))
        (last,) = peer.of(f.GOAWAY)
        assert (last.number, last.code) == (7, f.FRAME_SIZE_ERROR)

    def test_what_is_under_way_is_lost(self, way: str) -> None:
        peer = Peer(way, answers=False)
        exchange = peer.get(1)
        peer.send(f.frame(f.PING, 0, 1, b"12345678"))
        peer.ends_with(f.PROTOCOL_ERROR)
        assert exchange.lost

    def test_a_stream_error_is_no_matter_for_others(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.get(1)
        peer.send(peer.headers(3, f.POST, end=False), f.window_update(3, 0))
        assert peer.exchanges[3].lost
        assert not peer.exchanges[1].lost
        peer.answer(1)
        peer.resets(3, f.PROTOCOL_ERROR)
        assert peer.ended(1)


@in_all_ways
class Test_5_5_extensions:
    @pytest.mark.parametrize("name", [0x0A, 0xFF, 0xFFFF, 0])
    def test_unknown_settings_are_ignored(self, way: str, name: int) -> None:
        peer = Peer(way)
        peer.send(f.settings((name, 1)))
        assert peer.of(f.SETTINGS)[0].flags == f.ACK
        peer.lives()
