"""An answer on its way from a thread to its peer: written in a thread, sent by the loop.

What is whole is handed over in one piece. A stream is pulled by its thread no faster than the peer takes it; while the
thread waits for a slow peer, another may stand in for it.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable, Iterable
from tempfile import _TemporaryFileWrapper
from typing import Any, BinaryIO, Protocol

from hendrix.answer.failure import failure
from hendrix.core.errors import AnswerError
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Exchange, Job, Threads
from hendrix.core.http import ResponseHeaders
from hendrix.tasks.crew import crew
from hendrix.tasks.duties import Duties, settle

#: Bytes that a stream may be ahead of the loop before its thread waits.
AHEAD = 64 * 1024
CHUNK_COST = 256
_WITHOUT_CONTENT = ("204", "304")
#: Objects around one file that are taken off.
_WRAPPERS = 3


class Parking(Threads, Protocol):
    """Threads that may wait for a peer without counting as busy."""

    def park(self) -> None: ...
    def unpark(self) -> None: ...
    def progress(self) -> None: ...
    def resume(self, job: Job) -> None: ...
    def lend(self, job: Job) -> None: ...


class PeerGone(Exception):
    """Raised to an application that goes on writing to nobody."""


class Delivery:
    """One answer. Methods named ``_on_…`` are called on the loop, the others in a thread.

    ``status`` (like ``"200 OK"``) and ``headers`` are set before anything is sent.
    """

    __slots__ = ("_ahead", "_answered", "_gate", "_gone", "_head_sent", "exchange", "headers", "status", "threads")

    def __init__(self, exchange: Exchange, threads: Parking) -> None:
        self.exchange = exchange
        self.threads = threads
        self.status = ""
        self.headers: ResponseHeaders = []
        self._head_sent = False
        self._ahead = 0
        self._gate: threading.Lock | None = None
        #: Nobody listens any more: the peer left, or the watchdog answered.
        self._gone = False
        self._answered = False

    @property
    def answering(self) -> bool:
        """Has the answer begun?"""
        return self.exchange.started

    @property
    def request_id(self) -> str:
        """For what is said of it."""
        return self.exchange.request_id

    # --- in a thread ---------------------------------------------------------------------------------------

    def send_whole(self, body: bytes) -> None:
        """All of it at once."""
        self._head_sent = True
        self.threads.post(self._on_whole, body)

    def stream(self, pieces: Iterable[bytes]) -> None:
        """One piece after the other, then the end."""
        if not self._is_silent():
            for piece in pieces:
                if piece:
                    self.write(piece)
                if self._gone:
                    return
                if self._is_silent():
                    break
        self.end()

    def _is_silent(self) -> bool:
        """Will nothing of the body be sent? Then a stream without end must not hold a thread for it."""
        status = self.status
        return bool(status) and (self.exchange.request.method == "HEAD" or status[:3] in _WITHOUT_CONTENT)

    def write(self, data: bytes) -> None:
        """A piece of the body. Waits while the peer is behind."""
        if not isinstance(data, bytes):
            raise AnswerError(f"the body holds {type(data).__name__}, not bytes")
        if self._gone:
            raise PeerGone
        self._send_head()
        if not data:
            return
        self.threads.progress()
        self.threads.post(self._on_data, data)
        self._ahead += len(data) + CHUNK_COST
        if self._ahead > AHEAD:
            self._wait()

    def end(self) -> None:
        """It is complete."""
        self._send_head()
        self.threads.post(self._on_end)

    def send_file(self, file: BinaryIO) -> bool:
        """What is left of ``file``, by sendfile or from memory; False where it is something else."""
        if type(file) is io.BytesIO and self.status and not self._head_sent:
            self.send_whole(file.read())
            return True
        file = _plain(file)
        facts = _regular_file(file)
        if facts is None:
            return False
        offset, count = facts
        self._send_head()
        self.threads.post(self._on_file, file, offset, count)
        self._wait()
        self.threads.post(self._on_end)
        return True

    def fail(self, error: BaseException) -> None:
        """The application raised."""
        emit("application.failed", ERROR, request=self.describe(), id=self.exchange.request_id, exc=error)
        self.threads.post(self._on_failure)

    def _send_head(self) -> None:
        if self._head_sent:
            return
        if not self.status:
            raise AnswerError("the application sent a body before it called start_response")
        self._head_sent = True
        self.threads.post(self._on_start)

    def _wait(self) -> None:
        """Until the peer has taken what is on its way, or is gone."""
        gate = self._gate = threading.Lock()
        gate.acquire()
        self.threads.post(self._on_wait)
        if not gate.acquire(timeout=0.01):
            self.threads.park()
            gate.acquire()
            self.threads.unpark()
        self._gate = None
        self._ahead = 0

    def describe(self) -> str:
        """See ``Job.describe``."""
        return self.exchange.request.described

    def end_duties(self, duties: Duties) -> None:
        """The application has done its part; ``duties`` follow the response."""
        if not duties:
            duties.over = True
            return
        begin = settle(duties, self._code(), self.exchange.request_id, crew)
        if begin is not None:
            self.threads.post(self._on_over, begin)

    def _code(self) -> int:
        """The status as far as it is known: 500 where there is none, for nothing else can follow."""
        code = self.status[:3]
        return int(code) if code.isdigit() else 500

    # --- on the loop ---------------------------------------------------------------------------------------

    def _on_over(self, begin: Callable[[int], None]) -> None:
        self.exchange.when_sent(lambda: begin(self._code()))

    def _on_whole(self, body: bytes) -> None:
        if self._answered:
            return
        self._answered = True
        try:
            self.exchange.respond(self.status, self.headers, body)
        except AnswerError as error:
            self._on_refused(error)

    def _on_start(self) -> None:
        exchange = self.exchange
        if self._answered or exchange.gone:
            self._on_gone()
            return
        exchange.on_gone = self._on_gone
        try:
            exchange.start(self.status, self.headers)
        except AnswerError as error:
            self._on_refused(error)

    def _on_data(self, data: bytes) -> None:
        if not self._gone:
            self.exchange.write(data)

    def _on_file(self, file: BinaryIO, offset: int, count: int) -> None:
        if not self._gone and not self.exchange.send_file(file, offset, count):
            self.exchange.on_drained = self._on_open

    def _on_wait(self) -> None:
        """The thread waits: let it go on at once, or when the peer has caught up."""
        if self.exchange.on_drained is not None:
            return
        if self._gone or self.exchange.writable:
            self._on_open()
        else:
            self.exchange.on_drained = self._on_open

    def _on_open(self) -> None:
        self.exchange.on_drained = None
        gate = self._gate
        if gate is not None and gate.locked():
            gate.release()

    def _on_end(self) -> None:
        if not self._gone and not self._answered:
            self._answered = True
            self.exchange.finish()

    def _on_gone(self) -> None:
        self._gone = True
        self._on_open()

    def _on_failure(self) -> None:
        """The application raised."""
        if not self._answered and not self._gone:
            self._break_off(500, "the application failed")

    def _on_refused(self, error: AnswerError) -> None:
        """HTTP cannot carry what the application said."""
        emit("application.bad_answer", ERROR, request=self.describe(), reason=str(error), id=self.exchange.request_id)
        self._break_off(500, "the application failed")

    def expire(self, seconds: float) -> None:
        """See ``Job.expire``."""
        if not self._answered and not self._gone:
            self._break_off(504, "the application took too long")

    def _break_off(self, code: int, reason: str) -> None:
        """An error page in the application's place, or the connection cut where an answer has begun."""
        self._answered = True
        self.status = str(code)
        self._on_gone()
        exchange = self.exchange
        if exchange.started:
            exchange.abort()
        else:
            exchange.respond(*failure(code, reason, exchange.request.fields.get(b"accept", b"")))


def _plain(file: Any) -> Any:
    """What is in a temporary file, or in one of Django's (in a field there are two), unless that reads otherwise."""
    try:
        for _ in range(_WRAPPERS):
            within = file.file
            if not isinstance(file, _TemporaryFileWrapper) and file.read != within.read:
                break
            file = within
    except (AttributeError, OSError, ValueError):
        pass
    return file


def _regular_file(file: BinaryIO) -> tuple[int, int] | None:
    """Offset and count of what is left of a regular file; None for anything else.

    Only for Python's own file objects: others (gzip's) have a descriptor too, but read something else than it holds.
    """
    raw = getattr(file, "raw", file)
    if not isinstance(raw, io.FileIO) or not isinstance(file, io.BufferedReader | io.BufferedRandom | io.FileIO):
        return None
    try:
        facts = os.fstat(file.fileno())
        offset = file.tell()
    except (AttributeError, OSError, ValueError):
        return None
    if not stat.S_ISREG(facts.st_mode) or facts.st_size <= offset:
        return None
    return offset, facts.st_size - offset
