"""The layer that compresses what the application answers: an exchange around the exchange."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from hendrix.answer.around import Around
from hendrix.answer.compress import coders, fields
from hendrix.answer.compress.coders import MakeCoder
from hendrix.answer.compress.crew import Crew
from hendrix.answer.compress.fields import Facts
from hendrix.answer.compress.stream import ON_LOOP, Stream
from hendrix.answer.compress.whole import respond_coded, respond_later
from hendrix.core.events import WARNING, emit
from hendrix.core.exchange import Answer, Exchange, Threads
from hendrix.core.http import EVENT_STREAM, Request, ResponseHeaders
from hendrix.core.negotiate import choose_coding
from hendrix.core.prepared import Descriptor
from hendrix.core.record import record

#: Bodies below this many bytes go out in one packet anyway.
SMALLEST = 512
#: RFC 9110 sections 15.3.5 to 15.3.7 and 15.4.5: without content, a part of it, or about what the peer has.
_OTHERS = ("204", "205", "206", "304")


@record(frozen=True)
class Compression:
    """What to compress with, and what not to compress. Codings are in the order of preference."""

    small: dict[str, MakeCoder]
    large: dict[str, MakeCoder]
    streams: dict[str, MakeCoder]
    events: dict[str, MakeCoder]
    codings: tuple[str, ...]
    #: Bytes of padding at the most.
    jitter: int
    #: Also what was made for one visitor (docs/why/breach.md)?
    private: bool

    def wanted(self, request: Request, facts: Facts) -> str | None:
        """The coding for an answer: ``"identity"`` where another request might have had one, None where none."""
        if not facts.compressible or (not self.private and fields.is_private(request, facts)):
            return None
        offered = tuple(self.events) if facts.type == EVENT_STREAM else self.codings
        return choose_coding(request.fields.get(b"accept-encoding"), offered) or "identity"

    def padding(self) -> int:
        """A number of bytes that nobody can foretell."""
        return os.urandom(1)[0] % (self.jitter + 1) if self.jitter else 0


def compression(codings: Sequence[str], jitter: int, *, private: bool) -> Compression:
    """``codings`` in the order of preference; those that this Python cannot make are left out."""
    missing = coders.missing(codings)
    for coding in missing:
        emit("compress.missing", WARNING, coding=coding, advice=coders.advice(coding))
    there = tuple(coding for coding in codings if coding not in missing)
    return Compression(
        {coding: coders.for_small_bodies(coding) for coding in there},
        {coding: coders.for_bodies(coding) for coding in there},
        {coding: coders.for_streams(coding) for coding in there},
        {coding: coders.for_events(coding) for coding in there if coding == "gzip"},
        there,
        jitter,
        private,
    )


def compress(how: Compression, threads: Threads, crew: Crew, inner: Answer) -> Answer:
    """What ``inner`` answers, compressed where the peer likes that."""

    def answer(exchange: Exchange) -> None:
        request = exchange.request
        if request.websocket:
            inner(exchange)
            return
        if b"if-match" in request.fields:
            fields.strengthen(request)
        inner(Compressing(exchange, how, threads, crew))

    return answer


class Compressing(Around):
    """One exchange whose answer may be compressed."""

    __slots__ = ("_crew", "_how", "_pending", "_stream", "_threads")

    def __init__(self, inner: Exchange, how: Compression, threads: Threads, crew: Crew) -> None:
        super().__init__(inner)
        self._how = how
        self._threads = threads
        self._crew = crew
        self._stream: Stream | None = None
        #: The whole answer was given, and is being compressed.
        self._pending = False

    # --- a whole answer --------------------------------------------------------------------------------------

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        if self.request.method == "HEAD":
            self._respond_to_head(status, headers, body)
            return
        size = len(body)
        if size < SMALLEST:
            self.inner.respond(status, self._not_modified(status, headers), body)
            return
        facts = _read(status, headers)
        coding = None if facts is None or facts.length not in (-1, size) else self._how.wanted(self.request, facts)
        if coding is None:
            self.inner.respond(status, self._not_modified(status, headers), body)
        elif coding == "identity":
            self.inner.respond(status, fields.varied(headers), body)
        elif size <= ON_LOOP:
            coder = self._how.small[coding](self._how.padding())
            respond_coded(self.inner, status, headers, body, coding, coder.whole(body))
        else:
            self._pending = True
            coder = self._how.large[coding](self._how.padding())
            respond_later(self.inner, self._crew, status, headers, body, coding, coder)

    def _respond_to_head(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """The fields that GET would have had (RFC 9110 section 9.3.2), but for a length that nobody has counted."""
        coding, said = self._said(status, headers, len(body) or -1)
        self.inner.respond(status, said, b"" if coding else body)

    # --- a stream --------------------------------------------------------------------------------------------

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        if self.request.method == "HEAD":
            self.inner.start(status, self._said(status, headers, -1)[1])
            return
        facts = _read(status, headers)
        coding = None if facts is None or 0 <= facts.length < SMALLEST else self._how.wanted(self.request, facts)
        if facts is None or coding is None:
            self.inner.start(status, self._not_modified(status, headers))
        elif coding == "identity":
            self.inner.start(status, fields.varied(headers))
        else:
            self.inner.start(status, fields.coded(headers, coding))
            makers = self._how.events if facts.type == EVENT_STREAM else self._how.streams
            self._stream = Stream(
                self.inner, self._threads, self._crew, makers[coding](self._how.padding()), facts.length
            )

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        return self.inner.write(data) if self._stream is None else self._stream.write(data)

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``."""
        send_file = self.inner.send_file if self._stream is None else self._stream.send_file
        return send_file(file, offset, count)

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """See ``Exchange.finish``."""
        finish = self.inner.finish if self._stream is None else self._stream.finish
        finish(trailers)

    def abort(self) -> None:
        """See ``Exchange.abort``."""
        if self._stream is not None:
            self._stream.drop()
        self.inner.abort()

    # --- both ------------------------------------------------------------------------------------------------

    def _said(self, status: str, headers: ResponseHeaders, size: int) -> tuple[str, ResponseHeaders]:
        """The coding and the fields of an answer whose body is not sent; ``size`` is -1 where nobody knows it."""
        facts = _read(status, headers)
        if facts is None:
            return "", self._not_modified(status, headers)
        size = facts.length if facts.length >= 0 else size
        coding = None if 0 <= size < SMALLEST else self._how.wanted(self.request, facts)
        if coding is None:
            return "", headers
        return ("", fields.varied(headers)) if coding == "identity" else (coding, fields.coded(headers, coding))

    def _not_modified(self, status: str, headers: ResponseHeaders) -> ResponseHeaders:
        """A 304 names the tag that the peer holds (RFC 9110 section 15.4.5), which may be as we have changed it."""
        if status[:3] != "304":
            return headers
        for name, value in headers:
            if name.lower() == "etag" and fields.is_our_weak_tag(self.request, value):
                return fields.varied(fields.weakened(headers))
        return headers

    @property
    def started(self) -> bool:
        """See ``Exchange.started``."""
        return self._pending or self.inner.started

    @property
    def writable(self) -> bool:
        """See ``Exchange.writable``."""
        return self.inner.writable if self._stream is None else self._stream.writable

    @property
    def on_gone(self) -> Callable[[], None] | None:
        """See ``Exchange.on_gone``."""
        return self.inner.on_gone if self._stream is None else self._stream.on_gone

    @on_gone.setter
    def on_gone(self, call: Callable[[], None] | None) -> None:
        if self._stream is None:
            self.inner.on_gone = call
        else:
            self._stream.on_gone = call

    @property
    def on_drained(self) -> Callable[[], None] | None:
        """See ``Exchange.on_drained``."""
        return self.inner.on_drained if self._stream is None else self._stream.on_drained

    @on_drained.setter
    def on_drained(self, call: Callable[[], None] | None) -> None:
        if self._stream is None:
            self.inner.on_drained = call
        else:
            self._stream.on_drained = call


def _read(status: str, headers: ResponseHeaders) -> Facts | None:
    """None: there is nothing that could be compressed. What is no answer at all is refused by whoever sends it."""
    try:
        return None if status[:3] in _OTHERS or status[:1] == "1" else fields.read(headers)
    except (TypeError, ValueError, AttributeError):
        return None
