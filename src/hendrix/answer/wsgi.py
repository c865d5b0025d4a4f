"""WSGI applications (PEP 3333): called in a thread, with the whole request there, writing through the loop.

A usual answer (Django's HttpResponse, a list) is handed to the loop in one piece. A stream is pulled by its thread no
faster than the peer takes it; while the thread waits for a slow peer, another may stand in for it.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, BinaryIO, Protocol

from hendrix.answer.environ import Environ, base_environ, build_environ, id_key
from hendrix.answer.failure import failure
from hendrix.core.errors import AnswerError
from hendrix.core.events import ERROR, WARNING, emit
from hendrix.core.exchange import Answer, Exchange, Threads
from hendrix.core.http import Origin, Request, ResponseHeaders

Application = Callable[[Environ, Any], Iterable[bytes]]
#: ``sys.exc_info()``.
ExcInfo = tuple[type[BaseException], BaseException, Any]

#: Bytes that a stream may be ahead of the loop before its thread waits.
_AHEAD = 64 * 1024
_CHUNK_COST = 256
_WITHOUT_CONTENT = ("204", "304")


class Parking(Threads, Protocol):
    """Threads that may wait for a peer without counting as busy."""

    def park(self) -> None: ...
    def unpark(self) -> None: ...
    def progress(self) -> None: ...


class FileWrapper:
    """``wsgi.file_wrapper``: an iterable over a file, which the server may send without reading it."""

    def __init__(self, file: BinaryIO, block_size: int = 65536) -> None:
        self.file = file
        self.block_size = block_size
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        data = self.file.read(self.block_size)
        if not data:
            raise StopIteration
        return data


class PeerGone(Exception):
    """Raised to an application that goes on writing to nobody."""


def wsgi(
    application: Application,
    threads: Parking,
    *,
    multiprocess: bool,
    software: str,
    id_field: str = "X-Request-ID",
    root_path: str = "",
) -> Answer:
    """The answer that ``application`` gives.

    ``id_field`` is the header that tells it a request's id, ``root_path`` the prefix that a proxy took off the path.
    """
    base = base_environ(multiprocess=multiprocess, software=software, file_wrapper=FileWrapper)
    base["SCRIPT_NAME"] = root_path
    build = partial(build_environ, base, id_key(id_field))

    def answer(exchange: Exchange) -> None:
        def run(body: BinaryIO) -> None:
            call = Call(application, build, exchange, body, threads)
            if not threads.submit(call):
                emit("request.shed", WARNING, id=exchange.request_id)
                exchange.respond(*failure(503, "the server is busy", exchange.request.fields.get(b"accept", b"")))

        exchange.collect(run)

    return answer


class Call:
    """One call of the application. ``run`` is in a thread, methods named ``_on_…`` are on the loop."""

    __slots__ = (
        "_ahead",
        "_answered",
        "_application",
        "_body",
        "_build",
        "_exchange",
        "_gate",
        "_gone",
        "_head_sent",
        "_headers",
        "_status",
        "_threads",
    )

    def __init__(
        self,
        application: Application,
        build: Callable[[Request, Origin, BinaryIO, str], Environ],
        exchange: Exchange,
        body: BinaryIO,
        threads: Parking,
    ) -> None:
        self._application = application
        self._build = build
        self._exchange = exchange
        self._body = body
        self._threads = threads
        self._status = ""
        self._headers: ResponseHeaders = []
        self._head_sent = False
        self._ahead = 0
        self._gate: threading.Lock | None = None
        #: Nobody listens any more: the peer left, or the watchdog answered.
        self._gone = False
        self._answered = False

    # --- in a thread ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """See ``Job.run``."""
        if self._exchange.gone:
            return
        try:
            self._call()
        except PeerGone:
            pass
        except BaseException as error:
            # SystemExit and the like end a request too, not the thread that serves others.
            self._report(error)

    def _report(self, error: BaseException) -> None:
        emit("application.failed", ERROR, request=self.describe(), id=self._exchange.request_id, exc=error)
        self._threads.post(self._on_failure)

    def _call(self) -> None:
        exchange = self._exchange
        environ = self._build(exchange.request, exchange.origin, self._body, exchange.request_id)
        result = self._application(environ, self.start_response)
        try:
            self._send(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _send(self, result: Iterable[bytes]) -> None:
        if not self._head_sent and _is_whole(result):
            self._send_whole(b"".join(result))
        elif isinstance(result, FileWrapper) and self._send_file(result):
            pass
        else:
            self._stream(result)

    def _send_whole(self, body: bytes) -> None:
        if not self._status:
            raise AnswerError("the application returned without calling start_response")
        if self._head_sent:
            # write() was called while the iterable was joined.
            self.write(body)
            self._post(self._on_end)
            return
        self._head_sent = True
        self._threads.post(self._on_whole, body)

    def _stream(self, result: Iterable[bytes]) -> None:
        if not self._is_silent():
            for chunk in result:
                if chunk:
                    self.write(chunk)
                if self._gone:
                    return
                if self._is_silent():
                    break
        self._send_head()
        self._post(self._on_end)

    def _is_silent(self) -> bool:
        """Will nothing of the body be sent? Then a stream without end must not hold a thread for it."""
        status = self._status
        return bool(status) and (self._exchange.request.method == "HEAD" or status[:3] in _WITHOUT_CONTENT)

    def start_response(
        self, status: str, headers: ResponseHeaders, exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """PEP 3333, section "The start_response() Callable"."""
        if exc_info is not None:
            try:
                if self._head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._status:
            raise AnswerError("start_response was called twice without exc_info")
        if not isinstance(status, str):
            raise AnswerError(f"the status is {type(status).__name__}, not str")
        self._status = status
        self._headers = list(headers)
        return self.write

    def write(self, data: bytes) -> None:
        """A piece of the body. Waits while the peer is behind."""
        if not isinstance(data, bytes):
            raise AnswerError(f"the body holds {type(data).__name__}, not bytes")
        if self._gone:
            raise PeerGone
        self._send_head()
        if not data:
            return
        self._threads.progress()
        self._post(self._on_data, data)
        self._ahead += len(data) + _CHUNK_COST
        if self._ahead > _AHEAD:
            self._wait()

    def _send_head(self) -> None:
        if self._head_sent:
            return
        if not self._status:
            raise AnswerError("the application sent a body before it called start_response")
        self._head_sent = True
        self._post(self._on_start)

    def _wait(self) -> None:
        """Until the peer has taken what is on its way, or is gone."""
        gate = self._gate = threading.Lock()
        gate.acquire()
        self._post(self._on_wait)
        if not gate.acquire(timeout=0.01):
            self._threads.park()
            gate.acquire()
            self._threads.unpark()
        self._gate = None
        self._ahead = 0

    def _send_file(self, wrapper: FileWrapper) -> bool:
        """By sendfile, if it is a regular file behind a descriptor."""
        facts = _regular_file(wrapper.file)
        if facts is None:
            return False
        offset, count = facts
        self._send_head()
        self._post(self._on_file, wrapper.file, offset, count)
        self._wait()
        self._post(self._on_end)
        return True

    def _post(self, call: Callable[..., None], *args: object) -> None:
        self._threads.post(call, *args)

    def describe(self) -> str:
        """See ``Job.describe``."""
        request = self._exchange.request
        return f"{request.method} {request.path.decode('latin-1')}"

    # --- on the loop ---------------------------------------------------------------------------------------

    def _on_whole(self, body: bytes) -> None:
        if self._answered:
            return
        self._answered = True
        try:
            self._exchange.respond(self._status, self._headers, body)
        except AnswerError as error:
            self._on_refused(error)

    def _on_start(self) -> None:
        exchange = self._exchange
        if self._answered or exchange.gone:
            self._on_gone()
            return
        exchange.on_gone = self._on_gone
        try:
            exchange.start(self._status, self._headers)
        except AnswerError as error:
            self._on_refused(error)

    def _on_data(self, data: bytes) -> None:
        if not self._gone:
            self._exchange.write(data)

    def _on_file(self, file: BinaryIO, offset: int, count: int) -> None:
        if not self._gone and not self._exchange.send_file(file, offset, count):
            self._exchange.on_drained = self._on_open

    def _on_wait(self) -> None:
        """The thread waits: let it go on at once, or when the peer has caught up."""
        if self._exchange.on_drained is not None:
            return
        if self._gone or self._exchange.writable:
            self._on_open()
        else:
            self._exchange.on_drained = self._on_open

    def _on_open(self) -> None:
        self._exchange.on_drained = None
        gate = self._gate
        if gate is not None and gate.locked():
            gate.release()

    def _on_end(self) -> None:
        if not self._gone and not self._answered:
            self._answered = True
            self._exchange.finish()

    def _on_gone(self) -> None:
        self._gone = True
        self._on_open()

    def _on_failure(self) -> None:
        """The application raised."""
        if not self._answered and not self._gone:
            self._break_off(500, "the application failed")

    def _on_refused(self, error: AnswerError) -> None:
        """HTTP cannot carry what the application said."""
        emit("application.bad_answer", ERROR, request=self.describe(), reason=str(error), id=self._exchange.request_id)
        self._break_off(500, "the application failed")

    def expire(self, seconds: float) -> None:
        """See ``Job.expire``."""
        if not self._answered and not self._gone:
            self._break_off(504, "the application took too long")

    def _break_off(self, code: int, reason: str) -> None:
        """An error page in the application's place, or the connection cut where an answer has begun."""
        self._answered = True
        self._on_gone()
        exchange = self._exchange
        if exchange.started:
            exchange.abort()
        else:
            exchange.respond(*failure(code, reason, exchange.request.fields.get(b"accept", b"")))


def _is_whole(result: Iterable[bytes]) -> bool:
    """Is the whole body in memory already? Then nothing is gained by sending it in pieces.

    ``streaming`` is how Django's responses tell.
    """
    return type(result) in (list, tuple) or getattr(result, "streaming", None) is False


def _regular_file(file: BinaryIO) -> tuple[int, int] | None:
    """Offset and count of what is left of a regular file; None for anything else.

    Only for Python's own file objects: others (gzip's) have a descriptor too, but read something else than it holds.
    """
    file = getattr(file, "file", file)  # of tempfile and of Django's File
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
