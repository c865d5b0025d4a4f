"""Pages that put a server to the test: who answers, how long it may take, how much it can carry."""

import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from .. import reactor, tape
from .answer import answer
from .query import number, whole_number

MEGABYTE = 1_000_000
PIECE = 50_000  # bytes of one piece of the big stream

# What the server tells the application about a request, picked by name: the whole of it may hold secrets.
ENVIRON = (
    "SERVER_SOFTWARE",
    "SERVER_PROTOCOL",
    "SERVER_NAME",
    "SERVER_PORT",
    "GATEWAY_INTERFACE",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "HTTP_HOST",
    "HTTP_USER_AGENT",
    "HTTP_X_REQUEST_ID",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
    "wsgi.input_terminated",
    "wsgi.file_wrapper",
)


class BrokenString(RuntimeError):
    """What /boom/ raises: nobody catches it."""


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello from the workshop.\n", content_type="text/plain; charset=utf-8")


def up(request: HttpRequest) -> HttpResponse:
    """For whoever watches over the server; asks nothing of the database."""
    return HttpResponse("ok", content_type="text/plain")


def boom(request: HttpRequest) -> HttpResponse:
    raise BrokenString("The top string snapped, as promised.")


def server(request: HttpRequest) -> HttpResponse:
    """What the server tells the application; `?format=json` for programs."""
    environ = {name: _plain(request.META[name]) for name in ENVIRON if name in request.META}
    return answer(request, "workshop/server.html", {"environ": environ, "secure": request.is_secure()})


def slow(request: HttpRequest) -> HttpResponse:
    """Holds its thread for `?seconds=` (0 to 10, default 1)."""
    seconds = number(request, "seconds", default=1, low=0, high=10)
    start = time.monotonic()
    time.sleep(seconds)
    return answer(request, "workshop/slow.html", {"asked": seconds, "took": time.monotonic() - start})


def twisted(request: HttpRequest) -> HttpResponse:
    """Calls into Twisted's reactor from the view's own thread, where the server runs one."""
    facts = reactor.ask()._asdict() | {"counter": settings.COUNTER_PORT}
    return answer(request, "workshop/twisted.html", facts)


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """`?lines=` (1 to 200, default 10) lines of text with `?pause=` (0 to 2 s, default 0.2) between them."""
    lines = whole_number(request, "lines", default=10, low=1, high=200)
    pause = number(request, "pause", default=0.2, low=0, high=2)
    response = StreamingHttpResponse(_bars(lines, pause), content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response


def stream_big(request: HttpRequest) -> StreamingHttpResponse:
    """`?mb=` megabytes (1 to 100, default 10) without a pause and without a declared length."""
    megabytes = whole_number(request, "mb", default=10, low=1, high=100)
    response = StreamingHttpResponse(_pieces(megabytes), content_type="application/octet-stream")
    response["Cache-Control"] = "no-store"
    return response


def download(request: HttpRequest) -> FileResponse:
    """A file of about 10 MB, recorded on the first request."""
    path = tape.record(Path(settings.MEDIA_ROOT) / "tape" / "crosstown-loop.wav")
    return FileResponse(path.open("rb"), as_attachment=True, content_type="audio/wav")


def _bars(lines: int, pause: float) -> Iterator[str]:
    for bar in range(1, lines + 1):
        if bar > 1:
            time.sleep(pause)
        yield f"bar {bar:3} of {lines}  {timezone.now():%H:%M:%S.%f}  {'▮' * (bar % 12 or 12)}\n"


def _pieces(megabytes: int) -> Iterator[bytes]:
    piece = (b"One two three four, turn it up a little more.\n" * (PIECE // 40))[:PIECE]
    for _ in range(megabytes * MEGABYTE // PIECE):
        yield piece


def _plain(value: object) -> object:
    """The value as JSON and templates can show it."""
    return value if isinstance(value, str | bool | int) else _name(value)


def _name(value: object) -> str:
    return ".".join(map(str, value)) if isinstance(value, tuple) else getattr(value, "__name__", repr(value))
