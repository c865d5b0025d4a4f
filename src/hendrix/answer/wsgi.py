"""WSGI applications (PEP 3333): called in a thread, with the whole request there, writing through the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, BinaryIO

from hendrix.answer.delivery import Delivery, Parking, PeerGone
from hendrix.answer.environ import Environ, base_environ, build_environ, id_key
from hendrix.answer.failure import shed
from hendrix.core.errors import AnswerError
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.tasks.duties import Duties, current

Application = Callable[[Environ, Any], Iterable[bytes]]
#: ``sys.exc_info()``.
ExcInfo = tuple[type[BaseException], BaseException, Any]


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


def wsgi(
    application: Application,
    threads: Parking,
    *,
    multiprocess: bool,
    software: str,
    id_field: str = "X-Request-ID",
    root_path: str = "",
    kind: type[Call] | None = None,
) -> Answer:
    """The answer that ``application`` gives.

    ``id_field`` is the header that tells it a request's id, ``root_path`` the prefix that a proxy took off the path.
    ``kind`` is what makes a call.
    """
    call = kind or Call
    base = base_environ(multiprocess=multiprocess, software=software, file_wrapper=FileWrapper)
    base["SCRIPT_NAME"] = root_path
    build = partial(build_environ, base, id_key(id_field))

    def answer(exchange: Exchange) -> None:
        def run(body: BinaryIO) -> None:
            if not threads.submit(call(application, build, exchange, body, threads)):
                shed(exchange)

        exchange.collect(run)

    return answer


class Call(Delivery):
    """One call of the application."""

    __slots__ = ("_application", "_body", "_build")

    def __init__(
        self,
        application: Application,
        build: Callable[[Request, Origin, BinaryIO, str], Environ],
        exchange: Exchange,
        body: BinaryIO,
        threads: Parking,
    ) -> None:
        super().__init__(exchange, threads)
        self._application = application
        self._build = build
        self._body = body

    def run(self) -> None:
        """See ``Job.run``."""
        if self.exchange.gone:
            return
        duties = Duties(True, self.exchange.request_id)
        current.set(duties)
        try:
            self._call()
        except PeerGone:
            pass
        except BaseException as error:
            # SystemExit and the like end a request too, not the thread that serves others.
            self.fail(error)
        finally:
            current.set(None)
            self.end_duties(duties)

    def _call(self) -> None:
        exchange = self.exchange
        environ = self._build(exchange.request, exchange.origin, self._body, exchange.request_id)
        result = self._application(environ, self.start_response)
        try:
            self._send(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
            # A request of an application may be part of a circle, and live until that is found.
            self._body.close()

    def _send(self, result: Iterable[bytes]) -> None:
        if not self._head_sent and _is_whole(result):
            self._send_joined(b"".join(result))
        elif isinstance(result, FileWrapper) and self.send_file(result.file):
            pass
        else:
            self.stream(result)

    def _send_joined(self, body: bytes) -> None:
        if not self.status:
            raise AnswerError("the application returned without calling start_response")
        if self._head_sent:
            # write() was called while the iterable was joined.
            self.write(body)
            self.end()
        else:
            self.send_whole(body)

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
        elif self.status:
            raise AnswerError("start_response was called twice without exc_info")
        if not isinstance(status, str):
            raise AnswerError(f"the status is {type(status).__name__}, not str")
        self.status = status
        self.headers = list(headers)
        return self.write


def _is_whole(result: Iterable[bytes]) -> bool:
    """Is the whole body in memory already? Then nothing is gained by sending it in pieces.

    ``streaming`` is how Django's responses tell.
    """
    return type(result) in (list, tuple) or getattr(result, "streaming", None) is False
