"""RFC 6455 section 8.1: text is UTF-8 (RFC 3629), and fails at the first byte that cannot be."""

from __future__ import annotations

import pytest

from tests.kit.frames import CONTINUATION, TEXT, frame
from tests.kit.sockets import Socket, bad, good, in_all_ways

GOOD = [
    "",
    "Hello-µ@ßöäüàá-UTF-8!!",
    "κόσμε",
    "\x00",
    "\x7f\x80\u07ff\u0800\uffff",
    "\U00010000\U0010ffff",
    "\ud7ff\ue000\ufffd\ufffe",
    "\U0001f600" * 50,
]
#: Bytes, and which of them (from 0) is the first that cannot be right.
BAD = [
    (b"\x80", 0),
    (b"\xbf", 0),
    (b"a\xffb", 1),
    (b"\xfe", 0),
    (b"\xc0\xaf", 0),
    (b"\xc1\xbf", 0),
    (b"\xc3\x28", 1),
    (b"\xe0\x80\xaf", 1),
    (b"\xe0\x9f\xbf", 1),
    (b"\xed\xa0\x80", 1),
    (b"\xed\xbf\xbf", 1),
    (b"\xe1\x80\x28", 2),
    (b"\xf0\x80\x80\xaf", 1),
    (b"\xf0\x8f\xbf\xbf", 1),
    (b"\xf4\x90\x80\x80", 1),
    (b"\xf5\x80\x80\x80", 0),
    (b"\xf8\x88\x80\x80\x80", 0),
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", 12),
    (b"\xf0\x9f\x98a", 3),
]
#: Right as far as they go, but the message ends there.
CUT = [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"ok\xf0", "κόσμε".encode()[:-1]]


@in_all_ways
class Test_8_1_Utf8:
    @pytest.mark.parametrize("words", GOOD)
    def test_good(self, way: str, words: str) -> None:
        good(frame(TEXT, words.encode()), way, words)

    @pytest.mark.parametrize("words", GOOD)
    def test_good_in_fragments_of_a_byte(self, way: str, words: str) -> None:
        data = words.encode()
        fragments = b"".join(frame(CONTINUATION, data[at : at + 1], fin=False) for at in range(len(data)))
        good(frame(TEXT, fin=False) + fragments + frame(CONTINUATION), way, words)

    @pytest.mark.parametrize(("data", "_first"), BAD)
    def test_bad(self, way: str, data: bytes, _first: int) -> None:
        bad(frame(TEXT, data), 1007, way)
        bad(frame(TEXT, b"x" * 1000 + data), 1007, way)

    @pytest.mark.parametrize("data", CUT)
    def test_cut_off(self, way: str, data: bytes) -> None:
        bad(frame(TEXT, data), 1007, way)
        bad(frame(TEXT, data, fin=False) + frame(CONTINUATION), 1007, way)


@pytest.mark.parametrize(("data", "first"), BAD)
class Test_8_1_At_The_Byte:
    def test_within_a_frame(self, data: bytes, first: int) -> None:
        """The message is long, the frame not complete, and it fails all the same."""
        whole = frame(TEXT, b"x" * 200 + data + b"y" * 200)
        socket = Socket().send(whole, piece=1)
        assert socket.taken == len(whole) - 200 - len(data) + first + 1

    def test_within_the_last_frame(self, data: bytes, first: int) -> None:
        begin = frame(TEXT, b"x", fin=False)
        socket = Socket().send(begin + frame(CONTINUATION, data + b"more"), piece=1)
        assert socket.taken == len(begin) + 6 + first + 1

    def test_across_fragments(self, data: bytes, first: int) -> None:
        stream = [frame(TEXT, fin=False), *(frame(CONTINUATION, bytes((byte,)), fin=False) for byte in data)]
        socket = Socket()
        for number, piece in enumerate(stream):
            socket.send(piece)
            assert (socket.closed is not None) == (number - 1 >= first)
