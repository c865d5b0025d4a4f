"""The seam: all that an answer knows of a connection, whatever the protocol version.

An exchange is one request and the answer to it. Every method is called on the event loop's thread. A fault of
the peer never reaches the answer as an exception: it only learns, through ``on_gone``, that nobody listens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Protocol

from hendrix.core.http import Origin, Request, ResponseHeaders


class Exchange(Protocol):
    """One request and its answer."""

    request: Request
    origin: Origin
    #: Goes with the request through logs and answers (``X-Request-ID``).
    request_id: str
    #: True once the peer is gone or the answer was aborted; what is written then is dropped.
    gone: bool
    #: True once the head of the answer has been sent.
    started: bool
    #: Set while the answer is worth nothing without somebody who listens: a peer that has closed its side is then
    #: taken for gone, after a moment. (Else it still gets what it asked for before, RFC 9112 section 9.6.)
    needs_peer: bool
    #: Called once, when the peer goes away before the answer is complete.
    on_gone: Callable[[], None] | None
    #: Called when bytes waiting for the peer have fallen below the low-water mark.
    on_drained: Callable[[], None] | None

    @property
    def writable(self) -> bool:
        """False while more waits for the peer than it should."""

    def collect(self, done: Callable[[BinaryIO], None]) -> None:
        """Receive the whole body, then call ``done`` with it as a file at its start.

        The peer is told ``100 Continue`` if it waits for that. A body past the limit is answered 413 and
        ``done`` is never called.
        """

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """Send a whole answer. ``status`` is like ``"200 OK"``."""

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """Send the head of an answer whose body follows by ``write`` or ``send_file``."""

    def write(self, data: bytes) -> bool:
        """Send a piece of the body. False: enough is waiting, hold on until ``on_drained``."""

    def send_file(self, file: BinaryIO, offset: int, count: int) -> bool:
        """Send ``count`` bytes of an open regular file from ``offset``, without reading it.

        False: hold on until ``on_drained``, which is then called once all of it is sent. The caller keeps the
        file open until then and closes it.
        """

    def finish(self) -> None:
        """The answer is complete."""

    def abort(self) -> None:
        """The answer broke off: close the connection so that the peer cannot take it for complete."""


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
