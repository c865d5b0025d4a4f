"""One connection of HTTP/2, the server's side, without I/O (RFC 9113).

Bytes go in by ``receive``; what happened comes out as events, and what is to be sent stands in ``out``. A fault of the
peer's ends the stream or the connection, with the code that section 7 has for it.

The end has two steps (section 6.8): a GOAWAY that names no stream and a PING, and when that is answered, so that all
that was sent before is here, one that names the last. ``over`` is set when nothing is under way any more.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from hendrix.core.http import Request
from hendrix.core.prepared import Prepared
from hendrix.wire.http2.events import Drained, Event, Lost, Over, Refused
from hendrix.wire.http2.faults import (
    CANCEL,
    ENHANCE_YOUR_CALM,
    NO_ERROR,
    SETTINGS_TIMEOUT,
    ConnectionFault,
)
from hendrix.wire.http2.frames import LAST_STREAM, PING, frame, goaway, reset
from hendrix.wire.http2.known import Known
from hendrix.wire.http2.reading import FAREWELL, FrameReader
from hendrix.wire.http2.stream import Stream


class Http2(FrameReader):
    """One connection. ``receive`` takes the client's preface first."""

    __slots__ = ()

    @property
    def idle(self) -> bool:
        """Is no request under way?"""
        return not self._table.live

    @property
    def streams(self) -> list[Stream]:
        """Those that are not over."""
        return list(self._table.live.values())

    @property
    def silent(self) -> bool:
        """Over, with a peer that has never spoken HTTP/2: it is owed no word."""
        return self.over is not None and self._prefaced < 2 and not self.over.fault

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what arrived at ``now``."""
        if self.over is not None:
            return []
        events = self._begin(now)
        if self._buffer:
            data = self._buffer + data
        try:
            at = 0 if self._prefaced else self._preface(data)
            self._keep(data, self._read(data, at))
        except ConnectionFault as fault:
            self._fail(fault)
        self._rest()
        return events

    def eof(self, now: float) -> list[Event]:
        """The peer sends no more. What it has asked for as a whole is still answered."""
        events = self._begin(now)
        if self.over is None:
            for stream in list(self._table.live.values()):
                if stream.receiving:
                    self._table.lose(stream, "the peer sends no more")
            self._table.closed = self._eof = True
            self._rest()
        return events

    def _begin(self, now: float) -> list[Event]:
        self._now = self._table.now = now
        events: list[Event] = []
        self._table.events = events
        return events

    def _rest(self) -> None:
        """Is nothing under way, and is it to stay so?"""
        if self._table.live:
            self._idle_since = inf
        elif self._table.closed:
            self._end()
        elif self._idle_since == inf:
            self._idle_since = self._now
            self._sooner(self._now + self._limits.http.keep_alive)

    # --- the shell's side ----------------------------------------------------------------------------------

    def pump(self, room: int) -> list[Event]:
        """Make frames of the bodies that wait, about ``room`` bytes at the most."""
        out = self.out
        if out.waiting:
            for stream in out.pump(room):
                self._table.settle(stream)
            self._rest()
        if not out.drained:
            return []
        drained, out.drained = out.drained, []
        return [Drained(stream) for stream in drained]

    def settle(self, stream: Stream, now: float) -> None:
        """An answer is complete, as far as its application goes."""
        self._table.settle(stream)
        if not self._table.live:
            self._now = now
            self._rest()

    def abort(self, stream: Stream, now: float, code: int = CANCEL) -> None:
        """An answer breaks off."""
        if stream.id in self._table.live:
            self.answers.break_off(stream, code)
            self._table.dismiss(stream)
            self._now = now
            self._rest()

    def remember(self, stream: Stream, answer: Prepared, until: float, still: Callable[[], bool] | None) -> None:
        """Whoever sends the same header block on this connection is to get ``answer`` again (``Repeated``)."""
        answers = self.answers

        def known(request: Request) -> Known:
            return Known(request, answers.joined(answer), answer.body, until, answers.made_of, still)

        self._table.remember(stream.block, known)

    def forget(self) -> None:
        """The reverse, of all of them."""
        self._table.forget()

    def widen(self, stream: Stream, target: int) -> None:
        """Whoever reads the body takes up to ``target`` bytes at once."""
        self._credit.widen(stream, target)

    def hold(self, stream: Stream, now: float) -> None:
        """Nobody takes what has come of a body: the peer is to wait."""
        self._credit.hold(stream, now)

    def release(self, stream: Stream, now: float) -> None:
        """The reverse of ``hold``; safe to call without it."""
        self._sooner(self._credit.release(stream, now))

    def untime(self, stream: Stream) -> None:
        """What comes on ``stream`` from now on is a tunnel's, which may be silent."""
        stream.timed = False
        stream.deadline = inf

    # --- time ----------------------------------------------------------------------------------------------

    def expire(self, now: float) -> list[Event]:
        """``deadline`` has passed."""
        events = self._begin(now)
        if self.over is not None:
            return events
        try:
            self._judge_time(now)
        except ConnectionFault as fault:
            self._fail(fault)
        self._rest()
        if self.over is None:
            self.deadline = self._next_deadline()
        return events

    def _judge_time(self, now: float) -> None:
        if now >= self._opening_due:
            self._end()
            return
        if now >= self._settings_due:
            raise ConnectionFault(SETTINGS_TIMEOUT, "our settings were not acknowledged")
        if now >= min(self._block_due, self._partial_due):
            raise ConnectionFault(ENHANCE_YOUR_CALM, "a frame was sent too slowly")
        for stream in list(self._table.live.values()):
            if now >= stream.deadline and stream.receiving:
                self._be_late(stream)
        if now >= self._farewell_due:
            self._farewell_due = inf
            self.out.put(goaway(self._table.last, NO_ERROR))
            self._table.closed = True
        elif now >= self._idle_since + self._limits.http.keep_alive:
            self.out.put(goaway(self._table.last, NO_ERROR))
            self._end()

    def _be_late(self, stream: Stream) -> None:
        stream.deadline = inf
        if stream.discarding:
            self.out.put(reset(stream.id, CANCEL))
            self._table.dismiss(stream)
        else:
            self._table.events.append(Refused(stream, 408, "the request was sent too slowly"))

    def _next_deadline(self) -> float:
        due = min(self._opening_due, self._settings_due, self._block_due, self._partial_due, self._farewell_due)
        due = min(due, self._idle_since + self._limits.http.keep_alive)
        return min([due, *(stream.deadline for stream in self._table.live.values() if stream.receiving)])

    def watch(self, now: float) -> list[Event]:
        """Now and then: answers that the peer leaves waiting by its windows for too long are broken off."""
        events = self._begin(now)
        if not self.out.congested:
            for stream in list(self._table.live.values()):
                if stream.queued and (stream.window <= 0 or self.out.blocked):
                    if self._is_stalled(stream, now):
                        self.abort(stream, now)
                        events.append(Lost(stream, "the peer does not take the answer"))
                else:
                    stream.blocked_since = inf
        return events

    def _is_stalled(self, stream: Stream, now: float) -> bool:
        limits = self._limits
        if self._eof:
            # Who sends no more opens no window any more.
            return True
        if stream.blocked_since == inf:
            stream.blocked_since = now
            stream.sent_then = stream.sent
        if now - stream.blocked_since < limits.write_timeout:
            return False
        if stream.sent - stream.sent_then < max(1, limits.http.min_rate * limits.write_timeout):
            return True
        stream.blocked_since = now
        stream.sent_then = stream.sent
        return False

    def give_up(self, now: float) -> list[Event]:
        """Too much waits for the peer, which takes nothing of it."""
        events = self._begin(now)
        if self.over is None:
            self._fail(ConnectionFault(ENHANCE_YOUR_CALM, "answers are asked for and not taken"))
        return events

    # --- the end -------------------------------------------------------------------------------------------

    def leave(self, now: float) -> list[Event]:
        """The worker is to leave: what is under way is the last."""
        events = self._begin(now)
        if self.over is None and not self._table.closed and self._farewell_due == inf:
            if self._prefaced < 2:
                self._end()
            else:
                self.out.put(goaway(LAST_STREAM, NO_ERROR) + frame(PING, 0, 0, FAREWELL))
                self._farewell_due = now + self._limits.farewell
                self._sooner(self._farewell_due)
        return events

    def cut(self) -> None:
        """The connection is gone."""
        for stream in self.streams:
            self._table.lose(stream, "the connection is gone")
        self._end()
        self._table.let_go()

    def _fail(self, fault: ConnectionFault) -> None:
        """Section 5.4.1."""
        table = self._table
        self.out.put(goaway(table.last, fault.code, fault.reason))
        for stream in list(table.live.values()):
            table.lose(stream, fault.reason)
        self._end(fault.code, fault.reason)

    def _end(self, code: int = NO_ERROR, fault: str = "") -> None:
        if self.over is None:
            self.over = Over(code, fault)
            self._buffer = b""
            self._block = None
            self.deadline = inf
