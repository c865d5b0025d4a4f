"""HTTP/1.1, the server's side, without I/O (RFC 9112).

Two machines share a connection. The reading one goes

    HEAD -> (BODY ->) WAIT -> HEAD ...        and to CLOSED from anywhere

and gives at most one request at a time: what a pipelining peer sends on top stays in the buffer until
``next_request``, so answers cannot get out of order. The writing one frames one answer: by its length, by chunks,
or by the end of the connection. ``deadline`` is the moment by which the peer must have moved.
"""

from __future__ import annotations

from math import inf

from hendrix.core.errors import AnswerError, PeerError
from hendrix.core.http import Request, ResponseHeaders
from hendrix.core.prepared import Prepared
from hendrix.wire.fields import BARE_LINE_END, EMPTY_LINES, TOKEN_BYTES
from hendrix.wire.framing import ChunkedBody, FixedBody
from hendrix.wire.head import HeadParser
from hendrix.wire.limits import Limits
from hendrix.wire.machine import Data, End, Event, Fault, Hangup
from hendrix.wire.response import (
    WITHOUT_CONTENT,
    Common,
    check_status,
    encode_head,
    encode_interim,
    encode_trailers,
    render_fields,
)

_HEAD, _BODY, _WAIT, _CLOSED = range(4)
#: How the body of an answer is framed, where it is not by a length (>= 0).
_CHUNKED, _UNTIL_CLOSE = -1, -2

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


class Http1:
    """One connection of HTTP/1.x."""

    __slots__ = (
        "_body",
        "_body_began",
        "_buffer",
        "_eof",
        "_head_began",
        "_held_at",
        "_left",
        "_limits",
        "_parser",
        "_received",
        "_request",
        "_scanned",
        "_silent",
        "_state",
        "deadline",
        "head_alone",
        "keep_alive",
    )

    def __init__(self, limits: Limits, parser: HeadParser, now: float) -> None:
        self._limits = limits
        self._parser = parser
        self._state = _HEAD
        self._buffer = b""
        self._scanned = 0
        #: A connection's first head is timed from the opening, the others from their first byte.
        self._head_began = True
        self._eof = False
        self._body: FixedBody | ChunkedBody | None = None
        self._body_began = 0.0
        #: Since when the shell does not read this body; negative: it does.
        self._held_at = -1.0
        self._received = 0
        self._request: Request | None = None
        #: The head of the request at hand, where nothing came with it.
        self.head_alone = b""
        self._left = 0
        self._silent = False
        #: Does the connection go on after this answer? The shell may clear it (drain, early answer).
        self.keep_alive = True
        self.deadline = now + limits.head_timeout

    # --- bytes in ------------------------------------------------------------------------------------------

    @property
    def buffered(self) -> int:
        """Bytes that wait for ``next_request``; the shell stops reading when they are many."""
        return len(self._buffer)

    @property
    def idle(self) -> bool:
        """Between requests, with nothing of the next one received."""
        return self._state == _HEAD and not self._buffer

    @property
    def receiving(self) -> bool:
        """Has part of the request's body still to come?"""
        return self._state == _BODY

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what arrived at ``now``."""
        if self._state == _HEAD:
            return self._receive_head(data, now)
        if self._state == _BODY:
            return self._receive_body(data, now)
        if self._state == _WAIT:
            self._buffer += data
        return []

    def repeat(self, now: float) -> bool:
        """A head that is known has come, and its answer goes out at once: as if it had gone through the states.

        False where it is not whole or not next, and must go through them.
        """
        if self._state != _HEAD or self._buffer:
            return False
        self._head_began = False
        self.deadline = now + self._limits.keep_alive
        return True

    def hold(self, now: float) -> None:
        """The shell stops reading a body that nobody takes: that is no delay of the peer's."""
        if self._state == _BODY:
            self._held_at = now
            self.deadline = inf

    def go_on(self, now: float) -> None:
        """The reverse of ``hold``."""
        if self._held_at >= 0:
            self._body_began += now - self._held_at
            self._held_at = -1.0
            self.deadline = self._body_deadline(now)

    def next_request(self, now: float) -> list[Event]:
        """The answer is complete and the connection stays: go on with what is buffered.

        It does not stay, whatever the shell believes, where the peer or the answer ended it or where part of the body
        was never read: what is buffered then is not a request (RFC 9112 section 9.6).
        """
        if self._state != _WAIT or not self.keep_alive:
            return [self._hang_up()]
        self._state = _HEAD
        self._request = None
        self.head_alone = b""
        self._head_began = False
        self.deadline = now + self._limits.keep_alive
        data, self._buffer = self._buffer, b""
        events = self._receive_head(data, now) if data else []
        if self._eof and self._state in (_HEAD, _BODY):
            # RFC 9112 section 8: what is missing of this request will not come.
            return [self._hang_up()]
        return events

    def eof(self) -> list[Event]:
        """The peer sends no more. A whole request is still answered (RFC 9112 section 9.6)."""
        self._eof = True
        if self._state in (_HEAD, _BODY):
            return [self._hang_up()]
        return []

    def expire(self) -> list[Event]:
        """``deadline`` has passed."""
        if self._state == _HEAD and not self._buffer:
            return [self._hang_up()]
        if self._state in (_HEAD, _BODY):
            return [self._fault(408, "the request was sent too slowly")]
        self.deadline = inf
        return []

    def refuse(self) -> None:
        """Read nothing more: the answer at hand is the last one."""
        self._state = _CLOSED
        self._buffer = b""
        self._body = None
        self.keep_alive = False
        self.deadline = inf

    def _receive_head(self, data: bytes, now: float) -> list[Event]:
        if self._buffer:
            data = self._buffer + data
        if not self._head_began:
            self._head_began = True
            self.deadline = now + self._limits.head_timeout
        if data.startswith(b"\r"):
            # RFC 9112 section 2.2: empty lines before a request line are ignored.
            data = EMPTY_LINES.sub(b"", data, 1)
        end = data.find(b"\r\n\r\n", self._scanned) + 4
        if end < 4 or end > self._limits.head:
            return self._wait_for_head(data)
        self._scanned = 0
        self._buffer = b""
        try:
            request = self._parser.parse(data if len(data) == end else data[:end], self)
        except PeerError as error:
            return [self._fault(error.status, error.reason, data)]
        self.head_alone = data if len(data) == end else b""
        return self._begin(request, data[end:], now)

    def _wait_for_head(self, data: bytes) -> list[Event]:
        """Keep what is not yet a whole head, or already more than one may be."""
        fault = self._hopeless(data, self._scanned)
        if fault:
            return [self._fault(*fault, data)]
        self._buffer = data
        self._scanned = max(0, len(data) - 3)
        return []

    def _hopeless(self, data: bytes, since: int) -> tuple[int, str] | None:
        """Why this beginning of a head cannot become a good one, as early as that can be seen.

        Only from ``since`` on, so that a dripped head is not searched again and again.
        """
        if data and data[0] not in TOKEN_BYTES and data[0] != 13:
            return 400, "this is not HTTP"
        longest = self._limits.request_line + 2
        if len(data) >= longest and data.find(b"\r\n", 0, longest) < 0:
            return 414, "the request line is too long"
        if len(data) >= self._limits.head:
            return 431, "the head is too large"
        if BARE_LINE_END.search(data, since):
            return 400, "a line does not end with CRLF"
        return None

    def _begin(self, request: Request, rest: bytes, now: float) -> list[Event]:
        self._request = request
        self.keep_alive = request.keep_alive
        self._received = 0
        if not request.length:
            self._state = _WAIT
            self._buffer = rest
            self.deadline = inf
            return [request]
        self._state = _BODY
        self._body = FixedBody(request.length) if request.length > 0 else ChunkedBody(self._limits)
        self._body_began = now
        self.deadline = now + self._limits.body_timeout
        return [request, *self._receive_body(rest, now)] if rest else [request]

    def _receive_body(self, data: bytes, now: float) -> list[Event]:
        assert self._body is not None
        try:
            piece, rest, done = self._body.feed(data)
        except PeerError as error:
            return [self._fault(error.status, error.reason)]
        self._received += len(piece)
        events: list[Event] = [Data(piece)] if piece else []
        if done:
            events.append(End(self._body.trailers))
            self._body = None
            self._state = _WAIT
            self._buffer = rest
            self.deadline = inf
        else:
            self.deadline = self._body_deadline(now)
        return events

    def _body_deadline(self, now: float) -> float:
        """A body must keep its minimum rate on the whole, and what came early is no credit to stand still on."""
        limits = self._limits
        stalled = now + limits.body_timeout
        if not limits.min_rate:
            return stalled
        return min(stalled, self._body_began + limits.body_timeout + self._received / limits.min_rate)

    def _fault(self, status: int, reason: str, head: bytes = b"") -> Fault:
        self.refuse()
        return Fault(status, reason, head.startswith(b"HEAD "))

    def _hang_up(self) -> Hangup:
        self.refuse()
        return Hangup()

    # --- bytes out -----------------------------------------------------------------------------------------

    @property
    def ends_with_connection(self) -> bool:
        """Is it by the end of the connection alone that the peer knows the answer's (RFC 9112 section 6.3)?"""
        return self._left == _UNTIL_CLOSE

    def whole(self, status: str, headers: ResponseHeaders, body: bytes, common: Common, extra: str) -> bytes:
        """A complete answer. ``extra`` are ready lines of the server. Raises ``AnswerError``."""
        code = check_status(status)
        fields = render_fields(headers, common)
        request = self._request
        if code in WITHOUT_CONTENT:
            body, length = b"", WITHOUT_CONTENT[code]
        elif request is not None and request.method == "HEAD":
            # RFC 9110 section 8.6: the length that GET would have; an empty body to HEAD does not tell it.
            stated = fields.length if fields.length >= 0 else len(body)
            length = f"Content-Length: {stated}\r\n" if body or fields.length >= 0 else ""
            body = b""
        else:
            body = self._fitted(body, fields.length)
            length = f"Content-Length: {len(body) if fields.length < 0 else fields.length}\r\n"
        if code == 426:
            # RFC 9110 section 15.5.22: to what, must be said.
            extra += "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        return encode_head(status, fields, f"{length}{extra}{self._connection()}") + body

    def ready(self, answer: Prepared, common: Common, extra: bytes) -> bytes:
        """The head of a prepared answer. ``extra`` are ready lines of the server."""
        request = self._request
        if self.keep_alive and request is not None and request.version == "1.1":
            return answer.head + common.ready[answer.own] + extra + b"\r\n"
        return answer.head + common.ready[answer.own] + extra + self._connection().encode() + b"\r\n"

    def _fitted(self, body: bytes, length: int) -> bytes:
        """RFC 9112 section 6.2: never more than was stated; after less, the connection cannot be used again."""
        if 0 <= length != len(body):
            if len(body) < length:
                self.keep_alive = False
            return body[:length]
        return body

    def head(self, status: str, headers: ResponseHeaders, common: Common, extra: str) -> bytes:
        """The head of an answer that follows in pieces. Raises ``AnswerError``."""
        code = check_status(status)
        fields = render_fields(headers, common)
        self._silent = code in WITHOUT_CONTENT or (self._request is not None and self._request.method == "HEAD")
        self._left = fields.length
        framing = ""
        if code in WITHOUT_CONTENT:
            self._left = 0
            framing = WITHOUT_CONTENT[code]
        elif fields.length >= 0:
            framing = f"Content-Length: {fields.length}\r\n"
        elif self._request is not None and self._request.version == "1.1":
            framing = "Transfer-Encoding: chunked\r\n"
        else:
            self._left = _UNTIL_CLOSE
            self.keep_alive = False
        return encode_head(status, fields, f"{framing}{extra}{self._connection()}")

    def _connection(self) -> str:
        """RFC 9112 section 9.3: say what happens to the connection where the peer could not know."""
        if not self.keep_alive:
            return "Connection: close\r\n"
        if self._request is not None and self._request.version == "1.0":
            return "Connection: keep-alive\r\n"
        return ""

    def piece(self, data: bytes) -> bytes:
        """A piece of the body, framed; what is more than the stated length is cut off (RFC 9112 section 6.2)."""
        if self._silent or not data:
            return b""
        if self._left == _CHUNKED:
            return b"%x\r\n%b\r\n" % (len(data), data)
        if self._left >= 0:
            data = data[: self._left]
            self._left -= len(data)
        return data

    def file_piece(self, count: int) -> tuple[bytes, int, bytes]:
        """Framing before, bytes to send, and framing behind ``count`` bytes that go out from a file."""
        if self._silent or not count:
            return b"", 0, b""
        if self._left == _CHUNKED:
            return b"%x\r\n" % count, count, b"\r\n"
        if self._left >= 0:
            count = min(count, self._left)
            self._left -= count
        return b"", count, b""

    def interim(self, status: str, headers: ResponseHeaders) -> bytes:
        """An interim answer; nothing to HTTP/1.0, which has none (RFC 9110 section 15.2). Raises ``AnswerError``."""
        data = encode_interim(status, headers)
        return b"" if self._request is None or self._request.version == "1.0" else data

    def switch(self, headers: ResponseHeaders, upgrade: str) -> tuple[bytes, bytes]:
        """Change to another protocol: the 101 (RFC 9110 section 15.2.2), and what was received of the other.

        Raises ``AnswerError``.
        """
        head = encode_interim("101 Switching Protocols", headers, f"Connection: Upgrade\r\nUpgrade: {upgrade}\r\n")
        rest = self._buffer
        self.refuse()
        return head, rest

    def hand_over(self) -> bytes:
        """The connection is no longer ours: what was received behind the request. Raises ``AnswerError``."""
        if self._state != _WAIT:
            raise AnswerError("part of the request is still to come")
        rest = self._buffer
        self.refuse()
        return rest

    def end(self, trailers: ResponseHeaders | None = None) -> bytes:
        """The answer is complete; a body shorter than stated ends the connection. Raises ``AnswerError``."""
        if self._silent:
            return b""
        if self._left == _CHUNKED:
            return b"0\r\n" + encode_trailers(trailers) if trailers else LAST_CHUNK
        if self._left > 0:
            self.keep_alive = False
        return b""
