"""One connection of HTTP/3: datagrams in, events out, datagrams out, and the time at which it wants to be asked again.

The four verbs are ``receive``, the events that it returns, ``send`` and ``deadline``; ``expire`` and ``watch`` tell of
time. What the peer may not do ends a stream or the connection with the code that RFC 9114 section 8.1 gives it.
"""

from __future__ import annotations

from math import inf
from typing import Any

from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic import events as quic_events

from hendrix.core.errors import PeerError
from hendrix.wire.http2.faults import Malformed
from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.http2.request import read_request, read_trailers
from hendrix.wire.http3.answers import Answers
from hendrix.wire.http3.codes import (
    EXCESSIVE_LOAD,
    MESSAGE_ERROR,
    NO_ERROR,
    REQUEST_CANCELLED,
    REQUEST_INCOMPLETE,
    REQUEST_REJECTED,
)
from hendrix.wire.http3.events import Body, Drained, Ended, Event, Lost, Opened, Refused
from hendrix.wire.http3.framing import Framing, TooLarge
from hendrix.wire.http3.inflow import Inflow
from hendrix.wire.http3.outflow import Outflow
from hendrix.wire.http3.quic import OWN_WINDOW, Quic
from hendrix.wire.http3.stream import LOW_WATER, Stream
from hendrix.wire.response import Common

VERSION = "3"

#: Requests that a peer may give up, beyond one for each that it has taken the answer of.
_MOST_GIVEN_UP = 200
#: Bytes of streams that belong to the connection: so many, and so many more for each request.
_OWN_BYTES, _OWN_BYTES_EACH = 128 * 1024, 1024
#: Datagrams that bring nothing, beyond those that come with a request's bytes or with our own.
_MOST_IDLE_DATAGRAMS = 2000
#: And so much of it is forgiven twice a second.
_FORGIVEN, _FORGIVEN_DATAGRAMS = 0.25, 10
#: What a client that is not yet told the last stream is told (RFC 9114 section 5.2).
_ANY_STREAM = 2**62 - 4
#: Seconds after which the peer is asked whether it is there, while an answer is awaited.
_PING = 15.0
#: Seconds for which a peer that has bytes to take and is to leave may say nothing.
_SILENCE = 3.0


class Http3:
    """``common`` are the fields that every answer carries."""

    def __init__(self, quic: Quic, limits: Http2Limits, common: Common, now: float) -> None:
        self.quic = quic
        self.limits = limits
        self._framing = Framing(quic, limits.http.head)
        self.inflow = Inflow(quic, limits.connection_window)
        self.out = Outflow(quic, self._framing)
        self.answers = Answers(self.out, common)
        self._streams: dict[int, Stream] = {}
        #: Ids that the peer does not use any more, for the shell to take. (Those that it may use are ``quic.cids``.)
        self.retired: list[bytes] = []
        self._born = self._heard = self._asked = now
        self._idle_since = now
        self._next = 0
        self._own_bytes = 0
        self._given_up = self._idle_datagrams = 0.0
        self._requests = 0
        #: The first stream that is not answered any more; since when the peer is told that it is to leave.
        self._last = _ANY_STREAM
        self._leaving_since = inf
        self._now = now
        self.fault = ""

    @property
    def streams(self) -> list[Stream]:
        """Those that are under way, or whose peers have yet to take the answer."""
        return list(self._streams.values())

    @property
    def live(self) -> int:
        """Requests that are not answered."""
        return sum(not stream.over for stream in self._streams.values())

    @property
    def over(self) -> bool:
        """Nothing is under way any more, once what ``send`` gives is sent."""
        return self.quic.ended

    @property
    def deadline(self) -> float:
        """When ``expire`` wants to be called."""
        at = self.quic.get_timer()
        return inf if at is None else at

    # --- in ------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, place: Any, now: float) -> list[Event]:
        """A datagram from ``place``."""
        self._now = self._heard = now
        self.quic.receive_datagram(data, place, now)
        self._idle_datagrams += 1
        events = self._happened()
        if self.quic.crowded or self._idle_datagrams > _MOST_IDLE_DATAGRAMS:
            self.close(EXCESSIVE_LOAD, "too much that means nothing")
        return events

    def expire(self, now: float) -> list[Event]:
        """The deadline has come."""
        if now < self.deadline:
            return []
        self._now = now
        self.quic.handle_timer(now)
        return self._happened()

    def send(self, now: float) -> list[tuple[bytes, Any]]:
        """Datagrams, each with the place that it goes to."""
        found: list[tuple[bytes, Any]] = []
        if self.quic._network_paths:
            found = self.quic.datagrams_to_send(now)
            self._idle_datagrams = (
                max(0.0, self._idle_datagrams - 4 * len(found)) if self._streams else self._idle_datagrams
            )
        self._sweep()
        return found

    def _happened(self) -> list[Event]:
        found: list[Event] = []
        while (event := self.quic.next_event()) is not None:
            self._take(event, found)
        for stream in [one for one in self.out.full if one.queued <= LOW_WATER]:
            self.out.full.discard(stream)
            stream.full = False
            found.append(Drained(stream))
        return found

    def _take(self, event: quic_events.QuicEvent, found: list[Event]) -> None:
        if isinstance(event, quic_events.StreamDataReceived):
            self._data(event, found)
        elif isinstance(event, quic_events.StreamReset | quic_events.StopSendingReceived):
            self._given(event, found)
        elif isinstance(event, quic_events.ConnectionIdRetired):
            self.retired.append(event.connection_id)
        elif isinstance(event, quic_events.ConnectionTerminated) and event.error_code not in (0, NO_ERROR):
            self.fault = event.reason_phrase or hex(event.error_code)

    def _data(self, event: quic_events.StreamDataReceived, found: list[Event]) -> None:
        size = len(event.data)
        if size or event.end_stream:
            self._idle_datagrams = max(0.0, self._idle_datagrams - 1)
        if event.stream_id & 3:
            self._own_data(event, size)
            return
        stream = self._stream(event.stream_id)
        if stream is None:
            return
        stream.delivered += size
        if not stream.over:
            for happened in self._framing.handle_event(event):
                self._framed(stream, happened, found)
        if event.end_stream:
            stream.receiving = False
            if not stream.opened and not stream.over:
                # RFC 9114 section 4.1: it ended before it was a request.
                self._dismiss(stream, REQUEST_INCOMPLETE)
        self.inflow.credit(stream)

    def _own_data(self, event: quic_events.StreamDataReceived, size: int) -> None:
        """Settings and the like, and what means nothing."""
        self._own_bytes += size + 16
        self.inflow.consume(size)
        stream = self.quic._streams.get(event.stream_id)
        if stream is not None and not stream.receiver.is_finished:
            limit = stream.receiver.starting_offset() + OWN_WINDOW
            if limit - stream.max_stream_data_local >= OWN_WINDOW // 2:
                stream.max_stream_data_local = limit
        if self._own_bytes > _OWN_BYTES + self._requests * _OWN_BYTES_EACH:
            self.close(EXCESSIVE_LOAD, "too much that is no request")
            return
        self._framing.handle_event(event)

    def _stream(self, number: int) -> Stream | None:
        stream = self._streams.get(number)
        if stream is None and (quic := self.quic._streams.get(number)) is not None:
            stream = self._streams[number] = Stream(
                number, quic, self.quic._local_max_stream_data_bidi_remote, self._now
            )
            stream.deadline = self._now + self.limits.http.head_timeout
            self._next = max(self._next, number + 4)
            if number >= self._last:
                # RFC 9114 section 5.2: it may be sent again, elsewhere.
                self._dismiss(stream, REQUEST_REJECTED)
        return stream

    def _framed(self, stream: Stream, event: H3Event, found: list[Event]) -> None:
        if stream.over:
            return
        if isinstance(event, TooLarge):
            if not stream.refused:
                stream.refused = True
                self._open(stream)
                found.append(Refused(stream, 431, "the request head is too large"))
        elif isinstance(event, HeadersReceived):
            try:
                self._headers(stream, event, found)
            except Malformed as fault:
                self._malformed(stream, fault.reason, found)
        elif isinstance(event, DataReceived) and stream.opened:
            self._body(stream, event, found)

    def _open(self, stream: Stream) -> None:
        stream.opened = True
        stream.deadline = self._now + self.limits.http.body_timeout
        self._requests += 1

    def _headers(self, stream: Stream, event: HeadersReceived, found: list[Event]) -> None:
        pairs, ended = event.headers, event.stream_ended
        if stream.opened:
            stream.trailers = read_trailers(pairs, self.limits.http)
        else:
            self._open(stream)
            try:
                request = read_request(pairs, self.limits.http, ended=ended)
                if request.websocket:
                    raise PeerError(501, "no WebSocket is served over HTTP/3")
            except PeerError as error:
                stream.head_only = (b":method", b"HEAD") in pairs
                found.append(Refused(stream, error.status, error.reason))
                return
            request.version = VERSION
            stream.expected = request.length
            stream.head_only = request.method == "HEAD"
            found.append(Opened(stream, request))
        if ended:
            self._ended(stream, found)

    def _body(self, stream: Stream, event: DataReceived, found: list[Event]) -> None:
        if event.data:
            stream.received += len(event.data)
            if 0 <= stream.expected < stream.received:
                self._malformed(stream, "more of a body than was stated", found)
                return
            found.append(Body(stream, event.data))
        if event.stream_ended:
            self._ended(stream, found)

    def _ended(self, stream: Stream, found: list[Event]) -> None:
        if stream.expected not in (-1, stream.received):
            self._malformed(stream, "less of a body than was stated", found)
            return
        stream.receiving = False
        stream.deadline = inf
        found.append(Ended(stream))

    def _malformed(self, stream: Stream, reason: str, found: list[Event]) -> None:
        """RFC 9114 section 4.1.2."""
        self.fault = reason
        self._given_up += 1
        if stream.owner is not None or any(one.stream is stream for one in found):
            found.append(Lost(stream))
        self._dismiss(stream, MESSAGE_ERROR)

    def _given(self, event: quic_events.StreamReset | quic_events.StopSendingReceived, found: list[Event]) -> None:
        """The peer gives a request up, or what it has still to send of one."""
        if event.stream_id & 3:
            self._framing.handle_event(event)
            return
        stream = self._stream(event.stream_id)
        if stream is None:
            return
        reset = isinstance(event, quic_events.StreamReset)
        if reset:
            stream.receiving = False
        else:
            stream.sending = False
        if not stream.over or not reset:
            if not stream.ends:
                self._given_up += 1
            found.append(Lost(stream))
            self._dismiss(stream, REQUEST_CANCELLED)
        self.inflow.credit(stream)
        if self._given_up > _MOST_GIVEN_UP:
            self.close(EXCESSIVE_LOAD, "too many requests were given up")

    def widen(self, stream: Stream, window: int) -> None:
        """The body is wanted: so much of it may be on its way."""
        self.inflow.widen(stream, window)

    def hold(self, stream: Stream, now: float) -> None:
        """Nobody takes what comes: the peer is to wait."""
        self.inflow.hold(stream, now)

    def release(self, stream: Stream, now: float) -> None:
        """Somebody does again."""
        self.inflow.release(stream, now)

    # --- the end of a stream -------------------------------------------------------------------------------

    def settle(self, stream: Stream, _now: float) -> None:
        """An answer is complete, as far as its application goes."""
        if not stream.over:
            self._given_up = max(0.0, self._given_up - 1)
            self._dismiss(stream, NO_ERROR)

    def abort(self, stream: Stream, _now: float) -> None:
        """An answer breaks off."""
        self._dismiss(stream, REQUEST_CANCELLED, broken=True)

    def _dismiss(self, stream: Stream, code: int, *, broken: bool = False) -> None:
        """Nothing more is wanted of it. An answer that is not complete is reset."""
        if not stream.ends or broken:
            self.out.drop(stream, code)
        stream.over = True
        stream.deadline = inf
        if stream.receiving:
            stream.receiving = False
            if stream.id in self.quic._streams and not stream.quic.receiver.is_finished:
                self.quic.stop_stream(stream.id, code)
        self._framing.forget(stream.id)
        self.inflow.credit(stream)
        self._idle_since = self._now

    def _sweep(self) -> None:
        """What QUIC has forgotten is forgotten; bytes of it that never came in order count as used up."""
        known = self.quic._streams
        for number in [number for number in self._streams if number not in known]:
            stream = self._streams.pop(number)
            self.inflow.consume(stream.quic.receiver.highest_offset - stream.credited)
            self._framing.forget(number)

    # --- the end of the connection -------------------------------------------------------------------------

    def leave(self, now: float) -> None:
        """What is under way is the last; then the peer is to come back to somebody else."""
        if self._leaving_since == inf and not self.over:
            self._leaving_since = now
            if self.quic.established:
                self._framing.say_goaway(_ANY_STREAM)

    def _go_on_leaving(self, now: float) -> None:
        if now - self._leaving_since < self.limits.farewell:
            return
        if self._last == _ANY_STREAM:
            self._last = self._next
            if self.quic.established:
                self._framing.say_goaway(self._last)
        # Who has gone without a word takes nothing any more, which its answers would wait for.
        there = now - self._heard < _SILENCE
        if not any(not stream.over or (there and stream.queued) for stream in self._streams.values()):
            self.close(NO_ERROR, "")

    def close(self, code: int, reason: str) -> None:
        """End it, whatever is under way."""
        if not self.quic.ended:
            self.fault = reason if code != NO_ERROR else ""
            self.quic.close(error_code=code, reason_phrase=reason)

    # --- time ----------------------------------------------------------------------------------------------

    def watch(self, now: float) -> list[Event]:
        """Twice a second: has the peer missed a deadline?"""
        self._now = now
        found: list[Event] = []
        if not self.quic.established:
            if now - self._born > self.limits.http.head_timeout or now - self._leaving_since > self.limits.farewell:
                self.close(NO_ERROR, "")
            return found
        for stream in self._streams.values():
            if now >= stream.deadline and stream.held_since < 0:
                self._late(stream, now, found)
        self._given_up = max(0.0, self._given_up - _FORGIVEN)
        self._idle_datagrams = max(0.0, self._idle_datagrams - _FORGIVEN_DATAGRAMS)
        busy = any(not stream.over for stream in self._streams.values())
        if busy:
            self._idle_since = now
            if now - max(self._heard, self._asked) > _PING:
                self._asked = now
                self.quic.send_ping(0)
        elif now - self._idle_since > self.limits.http.keep_alive and self._leaving_since == inf:
            self.close(NO_ERROR, "")
        self._go_on_leaving(now)
        if self.out.stalled(self._streams.values(), now, self.limits.write_timeout, self.limits.http.min_rate):
            self.close(EXCESSIVE_LOAD, "nothing of an answer is taken")
        return found

    def _late(self, stream: Stream, now: float, found: list[Event]) -> None:
        http = self.limits.http
        if stream.opened and stream.received >= (now - stream.began - http.body_timeout) * http.min_rate > 0:
            stream.deadline = now + 1
            return
        stream.deadline = inf
        if not stream.opened:
            self._open(stream)
        found.append(Refused(stream, 408, "the request did not come in time"))
