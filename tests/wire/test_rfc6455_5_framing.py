"""RFC 6455 section 5: frames, masks, fragments, control frames."""

from __future__ import annotations

import pytest

from hendrix.wire.websocket.limits import SocketLimits
from tests.kit.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, close, frame, text
from tests.kit.sockets import Socket, bad, fails_at, good, in_all_ways


@in_all_ways
class Test_5_1_Overview:
    def test_unmasked_fails(self, way: str) -> None:
        bad(frame(TEXT, b"hello", mask=None), 1002, way)

    def test_unmasked_control_fails(self, way: str) -> None:
        bad(frame(PING, b"hello", mask=None), 1002, way)

    def test_at_the_second_byte(self, way: str) -> None:
        fails_at(frame(TEXT, b"hello", mask=None), 1002, 1)

    def test_a_server_does_not_mask(self, way: str) -> None:
        machine = Socket().machine
        assert machine.text("hi") == b"\x81\x02hi"
        assert machine.binary(b"hi") == b"\x82\x02hi"


@in_all_ways
class Test_5_2_Base_Framing:
    @pytest.mark.parametrize("reserved", range(1, 8))
    @pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, CLOSE])
    def test_reserved_bits_fail_at_the_first_byte(self, way: str, opcode: int, reserved: int) -> None:
        bad(frame(opcode, b"", reserved=reserved), 1002, way)
        fails_at(frame(opcode, b"", reserved=reserved), 1002, 0)

    @pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
    def test_reserved_opcodes_fail_at_the_first_byte(self, way: str, opcode: int) -> None:
        bad(frame(opcode, b"x"), 1002, way)
        fails_at(frame(opcode, b"x"), 1002, 0)
        bad(text("before") + frame(opcode), 1002, way, "before")

    @pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 129, 65535, 65536, 65537])
    def test_lengths(self, way: str, length: int) -> None:
        if way == "byte by byte" and length > 1000:
            way = "whole"
        good(frame(TEXT, b"*" * length), way, "*" * length)
        good(frame(BINARY, b"\xfe" * length), way, b"\xfe" * length)

    @pytest.mark.parametrize(
        ("length", "size"), [(0, 2), (5, 2), (125, 2), (0, 8), (5, 8), (125, 8), (126, 8), (65535, 8)]
    )
    def test_longer_forms_than_needed_fail(self, way: str, length: int, size: int) -> None:
        bad(frame(TEXT, b"*" * length, size=size), 1002, way)
        fails_at(frame(TEXT, b"*" * length, size=size), 1002, 1 + size)

    def test_highest_bit_of_a_length_fails_where_it_stands(self, way: str) -> None:
        fails_at(frame(BINARY, b"", size=8, stated=1 << 63), 1002, 2)

    @pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536])
    def test_what_is_sent_has_the_shortest_length(self, way: str, length: int) -> None:
        socket = Socket()
        socket.hear(socket.machine.binary(b"x" * length))
        socket.hear(socket.machine.text("x" * length))
        assert socket.sent == [Frame(BINARY, b"x" * length), Frame(TEXT, b"x" * length)]


@in_all_ways
class Test_5_3_Masking:
    @pytest.mark.parametrize("mask", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\2\3\4", b"\xff\0\xff\0"])
    @pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 8, 9, 63, 64, 65, 200])
    def test_any_mask(self, way: str, mask: bytes, length: int) -> None:
        data = bytes(range(200))[:length]
        good(frame(BINARY, data, mask=mask), way, data)

    @pytest.mark.parametrize("piece", [1, 2, 3, 5, 6, 7, 64, 997])
    def test_in_pieces_of_any_size(self, way: str, piece: int) -> None:
        data = bytes(n * 7 & 255 for n in range(3000))
        assert Socket().send(frame(BINARY, data) + frame(TEXT, b"end"), piece=piece).messages == [data, "end"]


@in_all_ways
class Test_5_4_Fragmentation:
    def test_two(self, way: str) -> None:
        good(frame(TEXT, b"hel", fin=False) + frame(CONTINUATION, b"lo"), way, "hello")
        good(frame(BINARY, b"hel", fin=False) + frame(CONTINUATION, b"lo"), way, b"hello")

    def test_many(self, way: str) -> None:
        first, *rest = "the quick brown fox"
        data = frame(TEXT, first.encode(), fin=False)
        data += b"".join(frame(CONTINUATION, one.encode(), fin=False) for one in rest) + frame(CONTINUATION)
        good(data, way, "the quick brown fox")

    @pytest.mark.parametrize("kind", [TEXT, BINARY])
    def test_empty_ones(self, way: str, kind: int) -> None:
        empty = "" if kind == TEXT else b""
        good(frame(kind, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION), way, empty)
        middle = frame(CONTINUATION, b"x", fin=False)
        good(frame(kind, fin=False) + middle + frame(CONTINUATION), way, "x" if kind == TEXT else b"x")

    def test_control_frames_between(self, way: str) -> None:
        data = frame(TEXT, b"hel", fin=False) + frame(PING, b"p") + frame(PONG, b"q") + frame(CONTINUATION, b"lo")
        assert good(data, way, "hello").sent == [Frame(PONG, b"p")]

    def test_another_message_between_fails(self, way: str) -> None:
        bad(frame(TEXT, b"hel", fin=False) + text("other"), 1002, way)
        bad(frame(TEXT, b"hel", fin=False) + frame(BINARY, b"other", fin=False), 1002, way)
        fails_at(frame(TEXT, b"hel", fin=False) + text("other"), 1002, 9)

    def test_continuation_of_nothing_fails(self, way: str) -> None:
        bad(frame(CONTINUATION, b"lo"), 1002, way)
        bad(frame(CONTINUATION, b"lo", fin=False), 1002, way)
        bad(text("one") + frame(CONTINUATION, b"lo"), 1002, way, "one")
        fails_at(frame(CONTINUATION, b"lo"), 1002, 0)

    def test_close_between(self, way: str) -> None:
        socket = Socket().send(frame(TEXT, b"hel", fin=False) + close(1000) + frame(CONTINUATION, b"lo"))
        assert (socket.messages, socket.closed.code if socket.closed else 0) == ([], 1000)


@in_all_ways
class Test_5_5_Control:
    @pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
    def test_fragmented_fails(self, way: str, opcode: int) -> None:
        bad(frame(opcode, b"", fin=False), 1002, way)
        fails_at(frame(opcode, b"", fin=False), 1002, 0)

    @pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
    @pytest.mark.parametrize("length", [126, 127, 65536])
    def test_too_long_fails_at_the_second_byte(self, way: str, opcode: int, length: int) -> None:
        if length < 1000:
            bad(frame(opcode, b"x" * length), 1002, way)
        fails_at(frame(opcode, b"x" * length), 1002, 1)

    @pytest.mark.parametrize("payload", [b"", b"hello", b"\0\xff\xfe", b"x" * 125])
    def test_ping_is_answered_with_its_payload(self, way: str, payload: bytes) -> None:
        assert good(frame(PING, payload), way).sent == [Frame(PONG, payload)]

    def test_pings_are_answered_in_order(self, way: str) -> None:
        data = b"".join(frame(PING, b"%d" % number) for number in range(10))
        assert good(data, way).sent == [Frame(PONG, b"%d" % number) for number in range(10)]

    def test_unasked_pong_is_nothing(self, way: str) -> None:
        assert good(frame(PONG) + frame(PONG, b"x"), way).sent == []

    def test_only_the_last_ping_of_a_peer_that_reads_nothing(self, way: str) -> None:
        """Section 5.5.3: a pong for the most recent ping is enough, and the others would fill the memory."""
        machine = Socket().machine
        machine.quiet = True
        for number in range(1000):
            assert machine.receive(frame(PING, b"%d" % number)) == []
        assert machine.output == b"\x8a\x03999"


class Test_5_6_Data:
    def test_a_turn_is_bounded(self) -> None:
        """A flood of small frames leaves the loop to others in between."""
        machine = Socket().machine
        flood = text("x") * 10_000
        events = machine.receive(flood)
        assert len(events) < 1000
        assert machine.behind
        while machine.behind:
            some = machine.receive(b"")
            assert 0 < len(some) < 1000
            events += some
        assert events == ["x"] * 10_000

    def test_four_megabytes_in_small_fragments(self) -> None:
        count = 4 * 1024 * 1024 // 64
        middle = frame(CONTINUATION, b"*" * 64, fin=False)
        data = frame(TEXT, b"*" * 64, fin=False) + middle * (count - 2) + frame(CONTINUATION, b"*" * 64)
        assert Socket().send(data, piece=65536).messages == ["*" * (4 * 1024 * 1024)]

    def test_larger_than_allowed_fails_before_it_arrives(self) -> None:
        limits = SocketLimits(max_size=1000)
        for kind in (TEXT, BINARY):
            whole: str | bytes = "x" * 1000 if kind == TEXT else b"x" * 1000
            good(frame(kind, b"x" * 1000), "byte by byte", whole, limits=limits)
            fails_at(frame(kind, b"x" * 1001), 1009, 3, limits=limits)
            fails_at(frame(kind, b"", size=8, stated=1 << 40), 1009, 9, limits=limits)
            first = frame(kind, b"x" * 999, fin=False)
            fails_at(first + frame(CONTINUATION, b"xx"), 1009, len(first) + 1, limits=limits)

    def test_short_and_larger_than_allowed(self) -> None:
        fails_at(frame(TEXT, b"x" * 11), 1009, 1, limits=SocketLimits(max_size=10))
        bad(frame(TEXT, b"x" * 11), 1009, "whole", limits=SocketLimits(max_size=10))

    def test_no_limit(self) -> None:
        data = b"x" * 100_000
        good(frame(BINARY, data), "whole", data, limits=SocketLimits(max_size=0))
