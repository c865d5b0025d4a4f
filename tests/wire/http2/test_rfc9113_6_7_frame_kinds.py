"""RFC 9113 sections 6 and 7: each kind of frame. The cases of h2spec are among them."""

from __future__ import annotations

import pytest

from hendrix.wire.http2.events import Over
from hendrix.wire.http2.limits import Http2Limits
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer, in_all_ways

LARGEST = 2**31 - 1


@in_all_ways
class Test_6_1_data:
    def test_on_no_stream(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.data(0, b"test", end=True))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("padding", [0, 1, 255])
    @pytest.mark.parametrize("content", [b"", b"x", b"content"])
    def test_padding(self, way: str, padding: int, content: bytes) -> None:
        peer = Peer(way)
        payload = bytes((padding,)) + content + b"\0" * padding
        peer.send(peer.headers(1, f.POST, end=False), f.frame(f.DATA, f.PADDED | f.END_STREAM, 1, payload))
        assert peer.exchanges[1].body == content
        assert peer.ended(1)

    @pytest.mark.parametrize("payload", [b"\x01", b"\x06test!", b"\xfftest"])
    def test_padding_longer_than_the_frame(self, way: str, payload: bytes) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False), f.frame(f.DATA, f.PADDED | f.END_STREAM, 1, payload))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_padded_without_a_length(self, way: str) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False), f.frame(f.DATA, f.PADDED, 1))
        peer.ends_with(f.FRAME_SIZE_ERROR)

    def test_bodies_come_in_pieces(self, way: str) -> None:
        peer = Peer(way)
        peer.send(
            peer.headers(1, f.POST, end=False),
            f.data(1, b"one "),
            f.data(1, b""),
            f.data(1, b"two"),
            f.data(1, end=True),
        )
        assert peer.exchanges[1].body == b"one two"
        assert peer.ended(1)


@in_all_ways
class Test_6_2_headers:
    @pytest.mark.parametrize("padding", [0, 1, 255])
    def test_padding(self, way: str, padding: int) -> None:
        peer = Peer(way)
        payload = bytes((padding,)) + peer.block(f.GET) + b"\0" * padding
        peer.send(f.frame(f.HEADERS, f.PADDED | f.END_STREAM | f.END_HEADERS, 1, payload))
        assert peer.ended(1)

    @pytest.mark.parametrize("payload", [b"\x01", b"\x09\x82\x86\x84"])
    def test_padding_longer_than_the_frame(self, way: str, payload: bytes) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.HEADERS, f.PADDED | f.END_STREAM | f.END_HEADERS, 1, payload))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_priority_behind_padding(self, way: str) -> None:
        peer = Peer(way)
        payload = b"\x03" + b"\0\0\0\0\x10" + peer.block(f.GET) + b"\0" * 3
        flags = f.PADDED | f.END_STREAM | f.END_HEADERS | f.WITH_PRIORITY
        peer.send(f.frame(f.HEADERS, flags, 1, payload))
        assert peer.ended(1)


@in_all_ways
class Test_6_3_priority:
    def test_on_no_stream(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.priority(0, on=1))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("size", [0, 4, 6])
    def test_of_another_size(self, way: str, size: int) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.frame(f.PRIORITY, 0, 1, b"\0" * size))
        peer.resets(1, f.FRAME_SIZE_ERROR)
        peer = Peer(way)
        peer.send(f.frame(f.PRIORITY, 0, 1, b"\0" * size))
        peer.ends_with(f.FRAME_SIZE_ERROR)


@in_all_ways
class Test_6_4_rst_stream:
    def test_on_no_stream(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.rst_stream(0))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("number", [2, 4, 5])
    def test_of_an_idle_stream(self, way: str, number: int) -> None:
        peer = Peer(way)
        peer.get(3)
        peer.send(f.rst_stream(number))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("size", [0, 3, 5])
    def test_of_another_size(self, way: str, size: int) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.frame(f.RST_STREAM, 0, 1, b"\0" * size))
        peer.ends_with(f.FRAME_SIZE_ERROR)

    @pytest.mark.parametrize("code", [f.NO_ERROR, f.CANCEL, 0xFF, 0xFFFF_FFFF])
    def test_with_any_code(self, way: str, code: int) -> None:
        """Section 7: unknown codes trigger no special behaviour."""
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.rst_stream(1, code))
        assert peer.exchanges[1].lost
        assert peer.of(f.RST_STREAM) == []
        peer.lives()

    def test_in_the_midst_of_a_body(self, way: str) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False), f.data(1, b"some"), f.rst_stream(1))
        assert peer.exchanges[1].lost
        assert not peer.exchanges[1].complete
        peer.lives()

    def test_in_the_same_breath_the_request_is_not_begun(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1) + f.rst_stream(1))
        if way == "whole":
            assert peer.exchanges == {}
        peer.lives()


@in_all_ways
class Test_6_5_settings:
    @pytest.mark.parametrize("payload", [b"\0\3\0\0\0\1", b"x"])
    def test_an_acknowledgement_that_sets(self, way: str, payload: bytes) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.SETTINGS, f.ACK, 0, payload))
        peer.ends_with(f.FRAME_SIZE_ERROR)

    def test_of_a_stream(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.SETTINGS, 0, 1, b"\0\3\0\0\0\1"))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("size", [1, 3, 5, 7])
    def test_of_another_size(self, way: str, size: int) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.SETTINGS, 0, 0, b"\0" * size))
        peer.ends_with(f.FRAME_SIZE_ERROR)

    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            (f.ENABLE_PUSH, 2, f.PROTOCOL_ERROR),
            (f.ENABLE_CONNECT_PROTOCOL, 2, f.PROTOCOL_ERROR),
            (f.NO_RFC7540_PRIORITIES, 2, f.PROTOCOL_ERROR),
            (f.INITIAL_WINDOW_SIZE, 2**31, f.FLOW_CONTROL_ERROR),
            (f.INITIAL_WINDOW_SIZE, 2**32 - 1, f.FLOW_CONTROL_ERROR),
            (f.MAX_FRAME_SIZE, 16383, f.PROTOCOL_ERROR),
            (f.MAX_FRAME_SIZE, 2**24, f.PROTOCOL_ERROR),
        ],
    )
    def test_6_5_2_values_out_of_bounds(self, way: str, name: int, value: int, code: int) -> None:
        peer = Peer(way)
        peer.send(f.settings((name, value)))
        peer.ends_with(code)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            (f.HEADER_TABLE_SIZE, 0),
            (f.HEADER_TABLE_SIZE, 2**32 - 1),
            (f.ENABLE_PUSH, 0),
            (f.ENABLE_PUSH, 1),
            (f.MAX_CONCURRENT_STREAMS, 0),
            (f.INITIAL_WINDOW_SIZE, LARGEST),
            (f.MAX_FRAME_SIZE, 16384),
            (f.MAX_FRAME_SIZE, 2**24 - 1),
            (f.MAX_HEADER_LIST_SIZE, 0),
            (f.ENABLE_CONNECT_PROTOCOL, 1),
        ],
    )
    def test_6_5_2_values_within_them(self, way: str, name: int, value: int) -> None:
        peer = Peer(way)
        peer.send(f.settings((name, value)))
        assert [sent.flags for sent in peer.of(f.SETTINGS)] == [f.ACK]
        peer.lives()

    def test_6_5_3_each_is_acknowledged(self, way: str) -> None:
        peer = Peer(way)
        peer.send(
            f.settings((f.ENABLE_PUSH, 0)),
            f.settings(),
            f.settings((f.INITIAL_WINDOW_SIZE, 1), (f.INITIAL_WINDOW_SIZE, 2)),
        )
        assert [sent.flags for sent in peer.of(f.SETTINGS)] == [f.ACK] * 3

    def test_6_5_3_of_a_value_set_twice_the_last_counts(self, way: str) -> None:
        peer = Peer(way, settings=f.settings((f.INITIAL_WINDOW_SIZE, 100), (f.INITIAL_WINDOW_SIZE, 2)))
        peer.get(1)
        assert peer.body(1) == b"he"

    def test_6_5_3_ours_must_be_acknowledged(self, way: str) -> None:
        peer = Peer(way, greet=False)
        peer.send(f.PREFACE + f.settings())
        peer.at(9.9)
        peer.get(1)
        assert peer.ended(1)
        peer.at(10.0)
        peer.ends_with(f.SETTINGS_TIMEOUT)

    def test_the_table_size_is_obeyed(self, way: str) -> None:
        peer = Peer(way)
        peer.decoder.max_allowed_table_size = 0
        peer.send(f.settings((f.HEADER_TABLE_SIZE, 0)))
        for number in (1, 3, 5):
            peer.get(number)
            assert peer.head(number)[":status"] == "200"
        assert len(peer.decoder.header_table.dynamic_entries) == 0


@in_all_ways
def test_6_6_clients_promise_nothing(way: str) -> None:
    peer = Peer(way)
    peer.send(f.frame(f.PUSH_PROMISE, f.END_HEADERS, 1, b"\0\0\0\2" + peer.block(f.GET)))
    peer.ends_with(f.PROTOCOL_ERROR)


@in_all_ways
class Test_6_7_ping:
    def test_is_answered(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.ping(b"opaque!!"))
        assert peer.frames == [f.Frame(f.PING, f.ACK, 0, b"opaque!!")]

    def test_an_answer_is_not(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.ping(b"invalid!", ack=True))
        assert peer.frames == []
        peer.lives()

    def test_of_a_stream(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.PING, 0, 1, b"12345678"))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("size", [0, 6, 7, 9])
    def test_of_another_size(self, way: str, size: int) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.PING, 0, 0, b"x" * size))
        peer.ends_with(f.FRAME_SIZE_ERROR)


@in_all_ways
class Test_6_8_goaway:
    def test_of_a_stream(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.GOAWAY, 0, 1, b"\0" * 8))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_of_another_size(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.GOAWAY, 0, 0, b"\0" * 7))
        peer.ends_with(f.FRAME_SIZE_ERROR)

    @pytest.mark.parametrize("code", [f.NO_ERROR, f.PROTOCOL_ERROR, 0xFF])
    def test_what_is_under_way_is_still_answered(self, way: str, code: int) -> None:
        """Section 7: unknown codes trigger no special behaviour."""
        peer = Peer(way, answers=False)
        peer.get(1)
        peer.send(f.goaway(0, code))
        assert peer.machine.over is None
        peer.answer(1)
        peer.flush()
        assert peer.ended(1)
        assert peer.machine.over is not None

    def test_at_once_where_nothing_is(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.goaway())
        assert peer.machine.over is not None

    def test_the_two_steps(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.get(1)
        peer.act(peer.machine.leave(0.0))
        (first,) = peer.of(f.GOAWAY)
        assert (first.number, first.code) == (LARGEST, f.NO_ERROR)
        (ping,) = peer.of(f.PING)
        peer.get(3)  # was on its way
        peer.send(f.ping(ping.payload, ack=True))
        peer.at(0.0)
        assert [sent.number for sent in peer.of(f.GOAWAY)] == [LARGEST, 3]
        peer.send(peer.headers(5))
        assert 5 not in peer.exchanges
        peer.answer(1)
        peer.flush()
        assert peer.machine.over is None
        peer.answer(3)
        peer.flush()
        assert peer.ended(1)
        assert peer.ended(3)
        assert peer.machine.over is not None

    def test_the_second_step_does_not_wait_for_ever(self, way: str) -> None:
        peer = Peer(way)
        peer.act(peer.machine.leave(0.0))
        peer.at(0.99)
        assert len(peer.of(f.GOAWAY)) == 1
        peer.at(1.0)
        assert [sent.number for sent in peer.of(f.GOAWAY)] == [LARGEST, 0]
        assert peer.machine.over is not None

    def test_what_comes_of_streams_that_are_not_taken_any_more_is_ignored(self, way: str) -> None:
        """It was on its way when we said so."""
        peer = Peer(way, answers=False)
        peer.get(1)
        peer.machine.leave(0.0)
        peer.at(1.0)
        assert peer.of(f.GOAWAY)[-1].number == 1
        late = [peer.headers(3, [*f.POST, ("x-late", "to the table")], end=False), f.data(3, b"late")]
        peer.send(*late, f.window_update(3, 1), f.data(3, b"x", end=True), peer.headers(5), f.rst_stream(5))
        peer.answer(1)
        peer.flush()
        assert peer.ended(1)
        assert (peer.machine.over, len(peer.exchanges)) == (Over(), 1)
        assert peer.of(f.RST_STREAM) == []

    def test_whoever_has_not_even_begun_is_left_at_once(self, way: str) -> None:
        peer = Peer(way, greet=False)
        peer.act(peer.machine.leave(0.0))
        assert peer.machine.over is not None


@in_all_ways
class Test_6_9_window_update:
    def test_by_nothing(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.window_update(0, 0))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_of_a_stream_by_nothing(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.window_update(1, 0))
        peer.resets(1, f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("size", [0, 3, 5])
    @pytest.mark.parametrize("stream", [0, 1])
    def test_of_another_size(self, way: str, size: int, stream: int) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.frame(f.WINDOW_UPDATE, 0, stream, b"\0" * size))
        peer.ends_with(f.FRAME_SIZE_ERROR)

    def test_6_9_1_a_window_is_not_overrun(self, way: str) -> None:
        peer = Peer(way, settings=f.settings((f.INITIAL_WINDOW_SIZE, 1)))
        peer.get(1)
        assert peer.body(1) == b"h"
        peer.send(f.window_update(1, 1))
        assert peer.body(1) == b"he"
        assert not peer.ended(1)
        peer.send(f.window_update(1, 100))
        assert peer.body(1) == b"hello"
        assert peer.ended(1)

    def test_6_9_1_nor_that_of_the_connection(self, way: str) -> None:
        peer = Peer(way, answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, LARGEST)))
        peer.get(1)
        peer.get(3)
        peer.answer(1, b"x" * 65530)
        peer.answer(3, b"y" * 10)
        peer.flush()
        assert peer.ended(1)
        assert peer.body(3) == b"y" * 5
        peer.send(f.window_update(0, 1))
        assert peer.body(3) == b"y" * 6
        peer.send(f.window_update(0, 1000))
        assert peer.ended(3)

    def test_6_9_1_an_answer_without_a_body_needs_no_window(self, way: str) -> None:
        peer = Peer(way, answers=False, settings=f.settings((f.INITIAL_WINDOW_SIZE, 0)))
        peer.get(1)
        peer.answer(1, b"", status="204 No Content")
        peer.flush()
        assert peer.ended(1)

    def test_6_9_1_a_window_past_its_largest(self, way: str) -> None:
        peer = Peer(way)
        peer.send(f.window_update(0, LARGEST))
        peer.ends_with(f.FLOW_CONTROL_ERROR)

    def test_6_9_1_a_window_of_a_stream_past_its_largest(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.window_update(1, LARGEST))
        peer.resets(1, f.FLOW_CONTROL_ERROR)

    def test_6_9_1_and_to_its_largest(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.window_update(1, LARGEST - 65535), f.window_update(0, LARGEST - 65535))
        peer.answer(1)
        peer.flush()
        assert peer.ended(1)
        peer.lives()

    def test_6_9_2_a_change_of_the_initial_window_moves_those_of_streams(self, way: str) -> None:
        peer = Peer(way, settings=f.settings((f.INITIAL_WINDOW_SIZE, 0)))
        peer.get(1)
        assert peer.body(1) == b""
        peer.send(f.settings((f.INITIAL_WINDOW_SIZE, 1)))
        assert peer.body(1) == b"h"
        peer.send(f.settings((f.INITIAL_WINDOW_SIZE, 3)))
        assert peer.body(1) == b"hel"

    def test_6_9_2_a_window_can_be_negative(self, way: str) -> None:
        peer = Peer(way, settings=f.settings((f.INITIAL_WINDOW_SIZE, 3)))
        peer.get(1)
        peer.send(f.settings((f.INITIAL_WINDOW_SIZE, 2)))
        peer.send(f.window_update(1, 1))
        assert peer.body(1) == b"hel"
        peer.send(f.window_update(1, 1))
        assert peer.body(1) == b"hell"

    def test_6_9_2_a_change_that_makes_one_too_large(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.window_update(1, LARGEST - 65535))
        peer.send(f.settings((f.INITIAL_WINDOW_SIZE, 65536)))
        peer.ends_with(f.FLOW_CONTROL_ERROR)

    def test_6_9_what_comes_is_given_back(self, way: str) -> None:
        limits = Http2Limits(connection_window=100_000)
        peer = Peer(way, limits)
        peer.send(peer.headers(1, f.POST, end=False))
        for _ in range(20):
            peer.send(f.data(1, b"x" * 10_000))
        peer.send(f.data(1, end=True))
        assert len(peer.exchanges[1].body) == 200_000
        assert peer.ended(1)
        for stream, window in ((0, 100_000), (1, 65535)):
            given = sum(sent.number for sent in peer.of(f.WINDOW_UPDATE, stream))
            assert 200_000 - window <= given <= 200_000

    def test_6_9_more_than_the_window_of_a_stream(self, way: str) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False))
        peer.machine.hold(peer.exchanges[1].stream, 0.0)
        for _ in range(3):
            peer.send(f.data(1, b"x" * 16384))
        peer.send(f.data(1, b"x" * 16383))
        assert not peer.exchanges[1].lost
        peer.send(f.data(1, b"x"))
        peer.resets(1, f.FLOW_CONTROL_ERROR)

    def test_6_9_more_than_the_window_of_the_connection(self, way: str) -> None:
        peer = Peer(way, Http2Limits(connection_window=65_535))
        peer.machine._credit._left = 100
        peer.send(peer.headers(1, f.POST, end=False), f.data(1, b"x" * 101))
        peer.ends_with(f.FLOW_CONTROL_ERROR)

    def test_6_9_padding_counts(self, way: str) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False))
        stream = peer.exchanges[1].stream
        before = stream.credit
        peer.send(f.frame(f.DATA, f.PADDED, 1, b"\x09x" + b"\0" * 9))
        assert stream.credit == before - 11

    def test_6_9_a_body_that_nobody_takes_holds_up_no_other(self, way: str) -> None:
        peer = Peer(way, Http2Limits(connection_window=100_000))
        peer.send(peer.headers(1, f.POST, end=False), peer.headers(3, f.POST, end=False))
        peer.machine.hold(peer.exchanges[1].stream, 0.0)
        peer.send(*[f.data(1, b"x" * 16000)] * 4)
        for _ in range(20):
            peer.send(f.data(3, b"y" * 16000))
        peer.send(f.data(3, end=True))
        assert peer.ended(3)
        assert peer.of(f.WINDOW_UPDATE, 1) == []
        peer.machine.release(peer.exchanges[1].stream, 0.0)
        peer.flush()
        assert sum(sent.number for sent in peer.of(f.WINDOW_UPDATE, 1)) == 64000

    def test_6_9_a_window_can_be_wider(self, way: str) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False), peer.headers(3, [*f.POST, ("content-length", "10")], end=False))
        for number in (1, 3):
            peer.machine.widen(peer.exchanges[number].stream, 1024 * 1024)
        peer.flush()
        assert sum(sent.number for sent in peer.of(f.WINDOW_UPDATE, 1)) == 1024 * 1024 - 65535
        assert peer.of(f.WINDOW_UPDATE, 3) == []


@in_all_ways
class Test_6_10_continuation:
    def test_a_block_in_pieces(self, way: str) -> None:
        peer = Peer(way)
        block = peer.block([*f.GET, ("x-long", "a" * 100)])
        peer.send(f.frame(f.HEADERS, f.END_STREAM, 1, block[:1]))
        peer.send(*(f.frame(f.CONTINUATION, 0, 1, block[at : at + 5]) for at in range(1, len(block), 5)))
        peer.send(f.frame(f.CONTINUATION, f.END_HEADERS, 1))
        assert peer.ended(1)

    @pytest.mark.parametrize("stream", [0, 1, 3])
    def test_of_nothing(self, way: str, stream: int) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.CONTINUATION, f.END_HEADERS, stream, peer.block(f.GET)))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_behind_the_end_of_a_block(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.send(peer.headers(1), f.frame(f.CONTINUATION, f.END_HEADERS, 1, peer.block(f.GET)))
        peer.ends_with(f.PROTOCOL_ERROR)

    @pytest.mark.parametrize("number", [0, 3])
    def test_of_another_stream(self, way: str, number: int) -> None:
        peer = Peer(way)
        peer.send(f.frame(f.HEADERS, f.END_STREAM, 1, peer.block(f.GET)), f.frame(f.CONTINUATION, 4, number))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_behind_data(self, way: str) -> None:
        peer = Peer(way)
        peer.send(peer.headers(1, f.POST, end=False), f.data(1, b"x"), f.frame(f.CONTINUATION, 4, 1, b"\x82"))
        peer.ends_with(f.PROTOCOL_ERROR)

    def test_our_own_large_heads_come_in_pieces(self, way: str) -> None:
        peer = Peer(way, answers=False)
        peer.get(1)
        fields = [(f"x-{number}", f"{number}" + "v" * 3000) for number in range(12)]
        peer.answer(1, b"hello", *fields)
        peer.flush()
        kinds = [(sent.kind, bool(sent.flags & f.END_HEADERS)) for sent in peer.frames]
        assert kinds == [(f.HEADERS, False), (f.CONTINUATION, False), (f.CONTINUATION, True), (f.DATA, False)]
        block = b"".join(sent.payload for sent in peer.frames[:3])
        assert dict(peer.decoder.decode(block)).items() >= dict(fields).items()
