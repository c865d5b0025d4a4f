"""RFC 7692: permessage-deflate, its negotiation and its messages."""

from __future__ import annotations

import zlib

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as LibraryFrame
from websockets.frames import Opcode

from hendrix.wire.websocket.deflate import Agreement, negotiate
from hendrix.wire.websocket.limits import SocketLimits
from tests.kit.frames import BINARY, CONTINUATION, PING, TEXT, frame
from tests.kit.sockets import Socket, bad, good, in_all_ways

PLAIN = Agreement()


def deflated(data: bytes, *, bits: int = 15, final: bool = False) -> bytes:
    """The payload of a compressed message, from a fresh window (section 7.2.1)."""
    stream = zlib.compressobj(wbits=-bits)
    if final:
        return stream.compress(data) + stream.flush(zlib.Z_FINISH) + b"\x00"
    return (stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]


class Test_7_1_Negotiation:
    @pytest.mark.parametrize(
        ("offer", "answer"),
        [
            ("permessage-deflate", "permessage-deflate; server_max_window_bits=12"),
            (
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
            ),
            (
                "permessage-deflate; client_max_window_bits=9",
                "permessage-deflate; server_max_window_bits=12; client_max_window_bits=9",
            ),
            (
                'permessage-deflate; client_max_window_bits="8"',
                "permessage-deflate; server_max_window_bits=12; client_max_window_bits=8",
            ),
            ("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"),
            ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=12"),
            (
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
                "; server_max_window_bits=12",
            ),
            ("x-webkit-deflate-frame, permessage-deflate", "permessage-deflate; server_max_window_bits=12"),
            (
                "permessage-deflate; server_max_window_bits=8, permessage-deflate",
                "permessage-deflate; server_max_window_bits=12",
            ),
            (
                "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10",
                "permessage-deflate; server_max_window_bits=10",
            ),
        ],
    )
    def test_accepted(self, offer: str, answer: str) -> None:
        agreement = negotiate(offer.encode())
        assert agreement is not None
        assert agreement.header() == answer

    @pytest.mark.parametrize(
        "offer",
        [
            "",
            "permessage-bzip2",
            "permessage-deflate; unknown",
            "permessage-deflate; unknown=1",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; server_max_window_bits=x",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover=true",
            "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate;",
            "permessage-deflate; =",
            ", ,",
            "\xff",
        ],
    )
    def test_declined(self, offer: str) -> None:
        assert negotiate(offer.encode("latin-1")) is None


@in_all_ways
class Test_7_2_Messages:
    def test_the_examples_of_7_2_3(self, way: str) -> None:
        hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00"
        good(frame(TEXT, hello, reserved=4), way, "Hello", agreement=PLAIN)
        fragments = frame(TEXT, hello[:3], fin=False, reserved=4) + frame(CONTINUATION, hello[3:])
        good(fragments, way, "Hello", agreement=PLAIN)
        shared = frame(TEXT, hello, reserved=4) + frame(TEXT, b"\xf2\x00\x11\x00\x00", reserved=4)
        good(shared, way, "Hello", "Hello", agreement=PLAIN)
        stored = b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"
        good(frame(TEXT, stored, reserved=4), way, "Hello", agreement=PLAIN)
        final = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"
        good(frame(TEXT, final, reserved=4) * 2, way, "Hello", "Hello", agreement=PLAIN)
        two_blocks = b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"
        good(frame(TEXT, two_blocks, reserved=4), way, "Hello", agreement=PLAIN)

    def test_empty(self, way: str) -> None:
        good(frame(TEXT, b"\x00", reserved=4), way, "", agreement=PLAIN)
        good(frame(BINARY, b"", reserved=4), way, b"", agreement=PLAIN)

    def test_uncompressed_between(self, way: str) -> None:
        data = frame(TEXT, deflated(b"one"), reserved=4) + frame(TEXT, b"two")
        good(data, way, "one", "two", agreement=PLAIN)

    @pytest.mark.parametrize("bits", range(9, 16))
    def test_windows(self, way: str, bits: int) -> None:
        data = b"".join(b"%d " % (number * number) for number in range(500))
        agreement = Agreement(client_bits=bits, client_bits_told=True)
        good(frame(BINARY, deflated(data, bits=bits), reserved=4), way, data, agreement=agreement)

    def test_no_context_takeover(self, way: str) -> None:
        one = frame(TEXT, deflated(b"again and again"), reserved=4)
        words = "again and again"
        good(one * 3, way, words, words, words, agreement=Agreement(client_forgets=True))

    def test_control_frames_are_never_compressed(self, way: str) -> None:
        bad(frame(PING, b"\x00", reserved=4), 1002, way, agreement=PLAIN)

    def test_6_1_only_the_first_frame_is_marked(self, way: str) -> None:
        first = frame(TEXT, deflated(b"Hello")[:3], fin=False, reserved=4)
        bad(first + frame(CONTINUATION, deflated(b"Hello")[3:], reserved=4), 1002, way, agreement=PLAIN)

    @pytest.mark.parametrize("reserved", [1, 2, 3, 5, 6, 7])
    def test_other_reserved_bits(self, way: str, reserved: int) -> None:
        bad(frame(TEXT, b"\x00", reserved=reserved), 1002, way, agreement=PLAIN)

    def test_not_agreed_upon(self, way: str) -> None:
        bad(frame(TEXT, b"\x00", reserved=4), 1002, way)

    def test_broken_data(self, way: str) -> None:
        bad(frame(TEXT, b"\xff" * 20, reserved=4), 1007, way, agreement=PLAIN)

    def test_bad_utf8(self, way: str) -> None:
        bad(frame(TEXT, deflated(b"\xed\xa0\x80"), reserved=4), 1007, way, agreement=PLAIN)

    def test_bad_utf8_fails_before_the_message_ends(self, way: str) -> None:
        stored = b"\x00\x05\x00\xfa\xffab\xffcd"
        bad(frame(TEXT, stored, fin=False, reserved=4), 1007, way, agreement=PLAIN)


class TestBounds:
    LIMITS = SocketLimits(max_size=100_000)

    def test_a_bomb(self) -> None:
        data = deflated(b"\0" * 50_000_000)
        for kind in (TEXT, BINARY):
            bad(frame(kind, data, reserved=4), 1009, "whole", limits=self.LIMITS, agreement=PLAIN)

    def test_a_bomb_in_fragments(self) -> None:
        data = deflated(b"\0" * 50_000_000)
        parts = [data[at : at + 10] for at in range(0, len(data), 10)]
        stream = frame(TEXT, parts[0], fin=False, reserved=4)
        stream += b"".join(frame(CONTINUATION, part, fin=False) for part in parts[1:])
        socket = Socket(self.LIMITS, PLAIN).send(stream)
        assert socket.closed is not None
        assert socket.closed.code == 1009
        assert socket.taken <= len(stream)

    def test_just_as_large_as_allowed(self) -> None:
        data = b"\0" * 100_000
        setting = {"limits": self.LIMITS, "agreement": PLAIN}
        good(frame(BINARY, deflated(data), reserved=4), "byte by byte", data, **setting)
        bad(frame(BINARY, deflated(data + b"\0"), reserved=4), 1009, "whole", **setting)

    def test_a_flood_of_last_blocks(self) -> None:
        """Each empty last block is two bytes to send, and a new window to make."""
        bad(frame(BINARY, b"\x03\x00" * 100_000, reserved=4), 1007, "whole", agreement=PLAIN)

    def test_no_memory_before_it_is_needed(self) -> None:
        machine = Socket(agreement=PLAIN).machine
        machine.receive(frame(TEXT, b"short"))
        machine.text("short")
        assert machine._inflater is None
        assert machine._deflater is None


class TestAgainstTheLibrary:
    """What ``websockets`` decompresses of ours, and we of its."""

    @pytest.mark.parametrize("server_forgets", [False, True])
    @pytest.mark.parametrize("client_forgets", [False, True])
    @pytest.mark.parametrize("bits", [9, 12, 15])
    def test_both_ways(self, bits: int, client_forgets: bool, server_forgets: bool) -> None:
        agreement = Agreement(server_forgets, client_forgets, bits, bits, client_bits_told=True)
        peer = PerMessageDeflate(server_forgets, client_forgets, bits, bits)
        socket = Socket(agreement=agreement)
        for number in range(20):
            words = f"message {number}, " * (number * 10)
            theirs = peer.encode(LibraryFrame(Opcode.TEXT, words.encode()))
            socket.send(frame(TEXT, bytes(theirs.data), reserved=4))
            assert socket.messages[-1] == words
            socket.hear(socket.machine.text(words))
            ours = socket.sent[-1]
            got = peer.decode(LibraryFrame(Opcode.TEXT, ours.payload, rsv1=ours.reserved == 4))
            assert bytes(got.data) == words.encode()
            assert (ours.reserved == 4) == (len(words) >= 128)
