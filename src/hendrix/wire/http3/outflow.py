"""What goes out on one connection: frames of HTTP/3 into the streams of QUIC, which has its own order of them."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

from hendrix.wire.http3.stream import HIGH_WATER, Stream

if TYPE_CHECKING:
    from hendrix.wire.http3.framing import Framing, Pairs
    from hendrix.wire.http3.quic import Quic

_LONGEST_SIZE = 8


class Outflow:
    """The sending half of a connection."""

    __slots__ = ("_framing", "_quic", "_since", "_taken", "_written", "full")

    def __init__(self, quic: Quic, framing: Framing) -> None:
        self._quic = quic
        self._framing = framing
        #: Streams whose writers wait.
        self.full: set[Stream] = set()
        #: Bytes so far; since when some wait for the peer, and how many it had taken then.
        self._written = self._taken = 0
        self._since = inf

    def head(self, stream: Stream, lines: bytes) -> None:
        """The lines of a head, as HTTP/1.1 has them."""
        if stream.sending:
            self._put(stream, self._framing.encoded(stream.id, _pairs(lines)))

    def write(self, stream: Stream, data: bytes) -> None:
        """A piece of a body, or with ``stream.ends`` the last."""
        if not stream.sending:
            return
        if data:
            self._put(stream, b"\0" + _size(len(data)))
            self._put(stream, data)
        if stream.ends:
            self._quic.send_stream_data(stream.id, b"", end_stream=True)
            stream.sending = False
        if stream.queued > HIGH_WATER:
            stream.full = True
            self.full.add(stream)

    def trailers(self, stream: Stream, lines: bytes) -> None:
        """The lines of a trailer section."""
        if stream.sending:
            self._put(stream, self._framing.encoded(stream.id, _split(lines.split(b"\r\n"))))

    def _put(self, stream: Stream, data: bytes) -> None:
        self._quic.send_stream_data(stream.id, data)
        self._written += len(data)

    def drop(self, stream: Stream, code: int) -> None:
        """Nothing more of it is sent."""
        if stream.sending:
            stream.sending = False
            self._quic.reset_stream(stream.id, code)
        self.full.discard(stream)

    def stalled(self, streams: Iterable[Stream], now: float, seconds: float, rate: int) -> bool:
        """Has the peer taken nothing of its answers for so long, or of large ones less than ``rate`` a second?"""
        waiting = sum(stream.queued for stream in streams)
        taken = self._written - waiting
        if not waiting:
            self._since = inf
        elif self._since == inf:
            self._since, self._taken = now, taken
        elif now - self._since >= seconds:
            least = max(1, rate * seconds if self.full else 1)
            since, self._since = self._taken, now
            self._taken = taken
            return taken - since < least
        return False


def _pairs(lines: bytes) -> Pairs:
    first, *rest = lines.split(b"\r\n")
    return [(b":status", first[9:12]), *_split(rest)]


def _split(lines: list[bytes]) -> Pairs:
    """RFC 9114 section 4.2: names in lower case."""
    found: Pairs = []
    for line in lines:
        if line:
            name, _, value = line.partition(b":")
            found.append((name.lower(), value.strip(b" \t")))
    return found


def _size(count: int) -> bytes:
    """A length of 8 bytes (RFC 9000 section 16), or of the fewest that hold it."""
    for width, mark in ((1, 0), (2, 1), (4, 2)):
        if count < 1 << (8 * width - 2):
            return (count | mark << (8 * width - 2)).to_bytes(width, "big")
    return (count | 3 << 62).to_bytes(_LONGEST_SIZE, "big")
