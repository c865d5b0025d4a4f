"""The streams of one connection: how they open, end, fail and are forgotten (RFC 9113 sections 5.1 and 8.1).

Streams that are over are not kept. Of those that we ended while the peer may still have been sending, the last few are
remembered, since frames of theirs may be on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from hendrix.core.errors import PeerError
from hendrix.core.exchange import unheard
from hendrix.core.http import Request, RequestHeaders
from hendrix.wire.http2.credit import Credit
from hendrix.wire.http2.events import Ended, Event, Lost, Opened, Refused, Repeated
from hendrix.wire.http2.faults import (
    NO_ERROR,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    STREAM_CLOSED,
    ConnectionFault,
    Malformed,
    StreamFault,
)
from hendrix.wire.http2.frames import END_STREAM, RST_STREAM, reset
from hendrix.wire.http2.heads import HeadReader, priority_of
from hendrix.wire.http2.known import Known
from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.http2.outflow import Outflow
from hendrix.wire.http2.patience import FRAME, LARGEST_HEAD
from hendrix.wire.http2.priority import Priority
from hendrix.wire.http2.stream import Stream

_REMEMBERED = 1000
_PASSED = 32


class Streams:
    """Those of one connection that are not over. ``sooner`` hears of each new deadline."""

    __slots__ = (
        "_credit",
        "_dismissed",
        "_heads",
        "_limits",
        "_most",
        "_out",
        "_passed",
        "_promised",
        "_sooner",
        "closed",
        "events",
        "last",
        "live",
        "now",
    )

    def __init__(
        self, limits: Http2Limits, out: Outflow, credit: Credit, now: float, sooner: Callable[[float], None]
    ) -> None:
        self._limits = limits
        #: Streams at once.
        self._most = limits.streams
        self._out = out
        self._credit = credit
        self._heads = HeadReader(limits.http)
        self._sooner = sooner
        self.live: dict[int, Stream] = {}
        #: The highest number so far, and those below it that were passed over (the last few ranges of them).
        self.last = 0
        self._passed: tuple[range, ...] = ()
        #: No others are opened any more.
        self.closed = False
        self._dismissed: dict[int, None] = {}
        #: What the peer has said of streams that it has not opened yet.
        self._promised: dict[int, Priority] = {}
        self.events: list[Event] = []
        self.now = now

    # --- header blocks -------------------------------------------------------------------------------------

    def take_block(self, number: int, flags: int, block: bytes) -> float:
        """A whole header block: a request, or the trailers of one. Returns what it takes of the peer's patience.

        Raises ``ConnectionFault`` or ``StreamFault``.
        """
        self._heads.excess = 0.0
        stream = self.live.get(number)
        if stream is not None:
            self._take_trailers(stream, flags, block)
        elif number <= self.last:
            self._heads.skip(block)
            self.judge_absent(number)
            return FRAME
        elif self.closed:
            # RFC 9113 section 6.8: frames of streams that we have said we do not take are ignored.
            self._heads.skip(block)
            return FRAME
        elif len(self.live) >= self._most:
            self._heads.skip(block)
            self._advance(number)
            raise StreamFault(REFUSED_STREAM, "too many streams at once")
        else:
            self._advance(number)
            self._open(number, block, ended=bool(flags & END_STREAM))
        excess = self._heads.excess
        return min(excess, LARGEST_HEAD) if excess else 0.0

    def suit(self, window: int) -> None:
        """The peer's streams begin with this window. Answers on those without any would only wait here."""
        limits = self._limits
        self._most = limits.streams if window else min(limits.streams, limits.shut)

    def _advance(self, number: int) -> None:
        """RFC 9113 section 5.1.1: whoever opens a stream gives up those below it that are idle."""
        if number > self.last + 2:
            self._passed = (*self._passed, range(self.last + 1 | 1, number, 2))[-_PASSED:]
        self.last = number

    def _open(self, number: int, block: bytes, *, ended: bool) -> None:
        # Malformed requests are reset, and nobody hears of them.
        event: Event
        stream = Stream(number, self._out.initial_window, self._limits.window, self.now)
        known = self._heads.answers.get(block) if ended else None
        if known is not None:
            stream.receiving = False
            stream.priority = self._promise_kept(number, priority_of(known.request))
            self.live[number] = stream
            self.events.append(Repeated(stream, known))
            return
        try:
            request = self._heads.request(block, ended=ended)
        except PeerError as error:
            event = Refused(stream, error.status, error.reason)
            stream.discarding = True
            stream.head_only = self._heads.of_head
        else:
            event = Opened(stream, request)
            stream.head_only = request.method == "HEAD"
            stream.priority = priority_of(request)
            stream.expected = request.length
        stream.priority = self._promise_kept(number, stream.priority)
        self.live[number] = stream
        self.events.append(event)
        if ended:
            stream.receiving = False
            stream.block = block
        else:
            self._sooner(self._credit.time(stream, self.now))

    def _promise_kept(self, number: int, said: Priority) -> Priority:
        """What was said of a stream before it was opened outweighs its own field (RFC 9218 section 7)."""
        if self._promised:
            said = self._promised.pop(number, said)
            self._promised = {which: kept for which, kept in self._promised.items() if which > number}
        return said

    def _take_trailers(self, stream: Stream, flags: int, block: bytes) -> None:
        """RFC 9113 section 8.1."""
        if not stream.receiving:
            self._heads.skip(block)
            raise StreamFault(STREAM_CLOSED, "fields behind the end of a stream")
        if not flags & END_STREAM:
            self._heads.skip(block)
            raise Malformed("fields within a body")
        try:
            trailers = self._heads.trailers(block)
        except PeerError as error:
            stream.receiving = False
            if stream.sending:
                self.events.append(Refused(stream, error.status, error.reason))
            else:
                self.live.pop(stream.id, None)
            return
        if stream.expected > 0:
            raise Malformed("the body is not as long as was stated")
        self.end_receiving(stream, trailers)

    def promise(self, number: int, priority: Priority) -> None:
        """The peer says what a stream of its is worth (RFC 9218 section 7.1)."""
        if number in self.live:
            self._out.prefer(self.live[number], priority)
        elif number > self.last and (number in self._promised or len(self._promised) < self._limits.streams):
            self._promised[number] = priority

    def remember(self, block: bytes, known: Callable[[Request], Known]) -> None:
        """Answer ``block`` with ``known``, which is made of the request that it means, if it still means one."""
        request = self._heads.known(block)
        if request is not None:
            self._heads.answers[block] = known(request)

    def forget(self) -> None:
        """What was remembered is no longer current."""
        self._heads.answers.clear()

    # --- the end -------------------------------------------------------------------------------------------

    def is_idle(self, number: int) -> bool:
        """RFC 9113 section 5.1. What comes of streams that we have said we do not take is ignored (section 6.8)."""
        return not number & 1 or (number > self.last and not self.closed)

    def judge_absent(self, number: int) -> None:
        """A frame of a stream that is not open. Raises ``ConnectionFault`` unless that may be in good faith."""
        if self.is_idle(number):
            raise ConnectionFault(PROTOCOL_ERROR, "a frame of a stream that is idle")
        if number <= self.last and number not in self._dismissed:
            # Section 5.1.1: never opened is unexpected; section 5.1: over is closed.
            passed = any(number in numbers for numbers in self._passed)
            raise ConnectionFault(PROTOCOL_ERROR if passed else STREAM_CLOSED, "a frame of a stream that is closed")

    def end_receiving(self, stream: Stream, trailers: RequestHeaders) -> None:
        """A request is complete."""
        stream.receiving = False
        if not stream.discarding:
            self.events.append(Ended(stream, trailers))
        if not stream.sending:
            self.live.pop(stream.id, None)

    def settle(self, stream: Stream) -> None:
        """After what was done to an answer: is the stream over?"""
        if stream.sending:
            return
        if not stream.receiving:
            self.live.pop(stream.id, None)
        elif stream.ending[3:4] == bytes((RST_STREAM,)):
            self.dismiss(stream)
        elif 0 <= stream.expected <= stream.credit:
            # The rest is short and on its way: a peer that sends it first and reads then is not to be disturbed.
            stream.discarding = True
            if stream.deadline == inf:
                # It was late before, or nobody had taken what came.
                stream.deadline = self.now + self._limits.http.body_timeout
                self._sooner(stream.deadline)
        else:
            # RFC 9113 section 8.1: the answer is complete, and the rest of the request is not needed for it.
            self._out.put(reset(stream.id, NO_ERROR))
            self.dismiss(stream)

    def lose(self, stream: Stream, reason: str) -> None:
        """It is over, before its answer was sent: even where that was complete, somebody may wait for it to leave."""
        self._out.drop(stream)
        self.live.pop(stream.id, None)
        self.events.append(Lost(stream, reason))

    def fail(self, number: int, fault: StreamFault) -> None:
        """RFC 9113 section 5.4.2."""
        self._out.put(reset(number, fault.code))
        stream = self.live.get(number)
        if stream is not None:
            self.lose(stream, fault.reason)
        self._remember(number)

    def let_go(self) -> None:
        """The connection is gone, and is not to be held by those whom it holds."""
        self.events = []
        self._sooner = unheard

    def dismiss(self, stream: Stream) -> None:
        """We have reset it: what the peer still sends of it is ignored."""
        self.live.pop(stream.id, None)
        self._remember(stream.id)

    def _remember(self, number: int) -> None:
        self._dismissed[number] = None
        if len(self._dismissed) > _REMEMBERED:
            del self._dismissed[next(iter(self._dismissed))]
