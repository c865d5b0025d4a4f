"""A peer for the HTTP/2 machine: it sends frames, plays the shell, and says what came out.

Every case is sent in each of ``WAYS``: what holds only for frames that arrive together does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hpack import Decoder, Encoder

from hendrix.core.http import Request, RequestHeaders
from hendrix.wire.http2.answers import CommonFields
from hendrix.wire.http2.events import Body, Drained, Ended, Event, Lost, Opened, Refused
from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.http2.machine import Http2
from hendrix.wire.http2.stream import Stream
from hendrix.wire.response import Common
from tests.kit import http2_frames as f
from tests.kit.wire import common as usual
from tests.kit.wire import single

LIMITS = Http2Limits()
WAYS = ("whole", "byte by byte")
in_all_ways = pytest.mark.parametrize("way", WAYS)


@dataclass
class Exchange:
    """What the machine told of one stream."""

    stream: Stream
    request: Request | None = None
    body: bytes = b""
    trailers: RequestHeaders = field(default_factory=list)
    complete: bool = False
    lost: str = ""
    refused: int = 0


class Peer:
    """One connection. With ``answers`` each complete request is answered at once."""

    def __init__(
        self,
        way: str = "whole",
        limits: Http2Limits = LIMITS,
        *,
        answers: bool = True,
        greet: bool = True,
        now: float = 0.0,
        settings: bytes = f.settings(),
        common: Common | None = None,
    ) -> None:
        self.way = way
        self.machine = Http2(limits, CommonFields(), common or usual(), now)
        self.now = now
        self.encoder, self.decoder = Encoder(), Decoder()
        self.exchanges: dict[int, Exchange] = {}
        self.frames: list[f.Frame] = []
        self.sent_bytes = bytearray()
        self.room = 1 << 30
        self.drained: list[int] = []
        self._answers = answers
        if greet:
            self.send(f.PREFACE + settings)
            self.send(f.frame(f.SETTINGS, f.ACK))
            self.frames.clear()

    # --- sending -------------------------------------------------------------------------------------------

    def send(self, *pieces: bytes) -> Peer:
        """Send frames."""
        for piece in pieces:
            for part in single(piece) if self.way == "byte by byte" else [piece]:
                self.act(self.machine.receive(part, self.now))
        return self

    def block(self, fields: list[tuple[str, str]]) -> bytes:
        """A header block."""
        return self.encoder.encode(fields)

    def headers(
        self, stream: int, fields: list[tuple[str, str]] = f.GET, *, end: bool = True, flags: int = 0
    ) -> bytes:
        """A HEADERS frame."""
        flags |= f.END_HEADERS | (f.END_STREAM if end else 0)
        return f.frame(f.HEADERS, flags, stream, self.block(fields))

    def get(self, stream: int = 1, *more: tuple[str, str]) -> Exchange:
        """A request without a body."""
        self.send(self.headers(stream, [*f.GET, *more]))
        return self.exchanges[stream]

    # --- the shell's side ----------------------------------------------------------------------------------

    def act(self, events: list[Event]) -> None:
        """Take events, answer, and read what is sent."""
        for event in events:
            self._act(event)
        self.flush()

    def _act(self, event: Event) -> None:
        stream = event.stream
        if isinstance(event, Opened):
            assert stream.id not in self.exchanges
            if stream.sending:
                self.exchanges[stream.id] = Exchange(stream, event.request, complete=not stream.receiving)
                self._answer(stream.id)
            return
        if isinstance(event, Refused) and stream.sending:
            found = self.exchanges.setdefault(stream.id, Exchange(stream))
            found.refused = event.status
            if not stream.started:
                self.machine.answers.whole(stream, f"{event.status} No", [], b"no", b"")
                self.machine.settle(stream, self.now)
            return
        exchange = self.exchanges.get(stream.id)
        if exchange is None:
            return
        if isinstance(event, Body):
            assert event.data
            assert not exchange.complete
            exchange.body += event.data
        elif isinstance(event, Ended):
            assert not exchange.complete
            exchange.complete, exchange.trailers = True, event.trailers
            self._answer(stream.id)
        elif isinstance(event, Lost):
            assert not exchange.lost
            exchange.lost = event.reason
        elif isinstance(event, Drained):
            self.drained.append(stream.id)

    def _answer(self, number: int) -> None:
        exchange = self.exchanges[number]
        if self._answers and exchange.complete and exchange.stream.sending and not exchange.stream.started:
            self.answer(number)

    def answer(self, number: int, body: bytes = b"hello", *headers: tuple[str, str], status: str = "200 OK") -> None:
        """Answer the stream ``number`` as a whole."""
        stream = self.exchanges[number].stream
        self.machine.answers.whole(stream, status, list(headers), body, b"")
        self.machine.settle(stream, self.now)

    def flush(self) -> None:
        """What a turn of the loop's end does."""
        while events := self.machine.pump(self.room):
            for event in events:
                self._act(event)
        data = self.machine.out.take()
        self.sent_bytes += data
        frames, rest = f.read_frames(data)
        assert rest == b"", "half a frame"
        self.frames += frames

    def at(self, now: float) -> Peer:
        """Time passes."""
        self.now = now
        if now >= self.machine.deadline:
            self.act(self.machine.expire(now))
        self.act(self.machine.watch(now))
        return self

    # --- what was sent to it -------------------------------------------------------------------------------

    def of(self, kind: int, stream: int | None = None) -> list[f.Frame]:
        """Frames of a kind, of a stream."""
        return [sent for sent in self.frames if sent.kind == kind and stream in (None, sent.stream)]

    def head(self, stream: int) -> dict[str, str]:
        """The fields of the answer on ``stream``; to be called in the order in which they were sent."""
        heads = self.of(f.HEADERS, stream)
        return dict(self.decoder.decode(heads[0].payload))

    def body(self, stream: int) -> bytes:
        """The body of the answer."""
        return b"".join(sent.payload for sent in self.of(f.DATA, stream))

    def ended(self, stream: int) -> bool:
        """Did the answer end as it should?"""
        return any(sent.ends for sent in self.frames if sent.stream == stream)

    # --- verdicts ------------------------------------------------------------------------------------------

    def ends_with(self, code: int) -> None:
        """A connection error: one GOAWAY with ``code``, and nothing is read any more."""
        assert self.machine.over is not None, f"not refused: {self.frames}"
        found = self.of(f.GOAWAY)
        assert [sent.code for sent in found] == [code], self.machine.over
        assert self.machine.over.code == code
        before = len(self.frames)
        self.send(f.ping())
        assert len(self.frames) == before

    def resets(self, stream: int, code: int) -> None:
        """A stream error: one RST_STREAM with ``code``, and the connection goes on."""
        assert self.machine.over is None, self.machine.over
        assert [sent.code for sent in self.of(f.RST_STREAM, stream)] == [code], self.frames
        self.lives()

    def lives(self, stream: int = 4001) -> None:
        """Nothing is wrong: a further request is answered."""
        assert self.machine.over is None, self.machine.over
        self.send(f.ping(b"are you?"))
        assert self.frames[-1] == f.Frame(f.PING, f.ACK, 0, b"are you?")
        self.send(self.headers(stream))
        if self._answers:
            assert self.ended(stream)
