"""The seam: all that an answer knows of a connection, whatever the protocol version.

An exchange is one request and the answer to it. Every method is called on the event loop's thread. A fault of
the peer never reaches the answer as an exception: it only learns, through ``on_gone``, that nobody listens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Protocol

from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.core.prepared import Descriptor, Prepared

NO_MORE: ResponseHeaders = []


def unheard(*_: object) -> None:
    """A listener where nobody listens."""


class Exchange(Protocol):
    """One request and its answer."""

    request: Request
    origin: Origin
    #: Called once, when the peer goes away before the answer is complete.
    on_gone: Callable[[], None] | None
    #: Called when bytes waiting for the peer have fallen below the low-water mark.
    on_drained: Callable[[], None] | None
    #: Called once, when the peer sends no more although its request is complete. It may have gone without a word, or
    #: only have closed its half: what is written is still sent.
    on_eof: Callable[[], None] | None

    @property
    def request_id(self) -> str:
        """Goes with the request through logs and answers (``X-Request-ID``)."""

    @property
    def gone(self) -> bool:
        """True once the peer is gone or the answer was aborted; what is written then is dropped."""

    @property
    def started(self) -> bool:
        """True once the head of the answer has been sent."""

    @property
    def writable(self) -> bool:
        """False while more waits for the peer than it should."""

    def pull(self, done: Callable[[bytes, bool], None]) -> None:
        """Receive the next piece of the body: ``done(piece, last)`` is called once, now or when there is one.

        Not to be mixed with ``collect``. While nobody pulls, a peer that goes on sending is made to wait. The peer is
        told ``100 Continue`` if it waits for that. A body past the limit, or one that breaks off, ends the exchange:
        ``on_gone`` is called, ``done`` is not.
        """

    def collect(self, done: Callable[[BinaryIO], None]) -> None:
        """Receive the whole body, then call ``done`` with it as a file at its start.

        The peer is told ``100 Continue`` if it waits for that. A body past the limit is answered 413 and
        ``done`` is never called.
        """

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """Send a whole answer. ``status`` is like ``"200 OK"``."""

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        """Send a whole answer that was made ready before, with the fields ``more`` of this occasion.

        Until then (monotonic seconds) whoever sends the very same head is to get the same answer: the connection may
        give it without asking, unless a layer has said no (``Request.repeats``). Where there is a ``still``, it is
        asked each time before; it costs next to nothing, and may count.
        """

    def inform(self, status: str, headers: ResponseHeaders) -> None:
        """Send an interim answer (RFC 9110 section 15.2), such as ``"103 Early Hints"``, if the peer knows of them."""

    def upgrade(self, headers: ResponseHeaders, subprotocol: str) -> WebSocket:
        """Accept a WebSocket (``request.websocket``); the exchange is then complete.

        ``subprotocol`` is one of those that the peer named, or empty. Raises ``AnswerError`` with nothing sent.
        """

    def take_over(self) -> Raw:
        """Have the bytes of the connection from here on, both ways; the exchange is then complete.

        What has arrived behind the request follows as data. Raises ``AnswerError`` where an answer has begun, where
        part of the request is still to come, or where other requests share the connection (HTTP/2).
        """

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """Send the head of an answer whose body follows by ``write`` or ``send_file``."""

    def write(self, data: bytes) -> bool:
        """Send a piece of the body. False: enough is waiting, hold on until ``on_drained``."""

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """Send ``count`` bytes of an open regular file from ``offset``, without reading it.

        False: hold on until ``on_drained``, which is then called once all of it is sent. The caller keeps the
        file open until then and closes it.
        """

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """The answer is complete. ``trailers`` go out where the framing has a place for them.

        Raises ``AnswerError`` where they may not be sent; the answer is then not complete.
        """

    def abort(self) -> None:
        """The answer broke off: close the connection so that the peer cannot take it for complete."""

    def when_sent(self, call: Callable[[], None]) -> None:
        """Have ``call()`` made once the answer is complete and has left us, or the peer is gone."""


class WebSocket(Protocol):
    """A WebSocket after its handshake (RFC 6455), whatever carries it. Everything is called on the loop's thread."""

    #: Called with each message, in order.
    on_message: Callable[[str | bytes], None]
    #: Called once, when nothing more will come: with the peer's code and reason. 1005: it gave none, 1006: it went
    #: without a close frame.
    on_closed: Callable[[int, str], None]
    #: Called when bytes waiting for the peer have fallen below the low-water mark.
    on_drained: Callable[[], None] | None
    #: Called when the worker is to leave: the reason that the peer is closed with.
    farewell: Callable[[], str]

    @property
    def open(self) -> bool:
        """False once either side has said close, or the peer is gone; what is sent then is dropped."""

    def send(self, data: str | bytes) -> bool:
        """Send a message. False: enough is waiting, hold on until ``on_drained``.

        Raises ``UnicodeEncodeError`` where a text holds a lone surrogate.
        """

    def close(self, code: int, reason: str) -> None:
        """Say close; ``on_closed`` follows. Raises ``AnswerError`` for a code that may not be sent (section 7.4)."""

    def pause(self) -> None:
        """Give no more messages for now; a peer that goes on sending is made to wait."""

    def resume(self) -> None:
        """Go on."""


class Raw(Protocol):
    """A connection whose bytes an answer has taken over. Everything is called on the loop's thread."""

    #: Called with what the peer sends, as it arrives.
    on_data: Callable[[bytes], None]
    #: Called once, when it is over. True: the peer ended it, or we did; False: it broke off.
    on_lost: Callable[[bool], None]
    #: Called when bytes waiting for the peer have fallen below the low-water mark.
    on_drained: Callable[[], None] | None
    #: Called when the worker is to leave: say goodbye, and ``close``. After a while it is cut off.
    on_leave: Callable[[], None]

    def write(self, data: bytes) -> bool:
        """Send ``data`` as it is. False: enough is waiting, hold on until ``on_drained``."""

    def pause(self) -> None:
        """Read nothing for now; a peer that goes on sending is made to wait."""

    def resume(self) -> None:
        """Go on."""

    def close(self) -> None:
        """End it once all that was written is sent; ``on_lost`` follows."""

    def abort(self) -> None:
        """End it now; ``on_lost`` follows."""


#: An answer takes an exchange and sees it through.
Answer = Callable[[Exchange], None]


class Threads(Protocol):
    """A pool of threads for blocking work, as answers see it."""

    def submit(self, job: Job) -> bool:
        """Queue ``job``; False where the queue is full (the job will not run)."""

    def post(self, call: Callable[..., None], *args: object) -> None:
        """From any thread: have ``call(*args)`` run on the event loop's thread, in order, soon."""


class Job(Protocol):
    """Work for a thread of the pool."""

    def run(self) -> None:
        """Do it, in a thread. Must not raise."""

    def expire(self, seconds: float) -> None:
        """On the loop: it has run for ``seconds`` and is past the hard limit; answer in its place."""

    def describe(self) -> str:
        """What it is, for a log line: method and path."""
