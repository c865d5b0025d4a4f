"""A Django project in one module that gives files away: by their names, and by ``FileResponse``."""

from __future__ import annotations

import io
import os
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from django.core.files import File
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

SECRET_KEY = "guarded"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]

_noted: defaultdict[str, list[str]] = defaultdict(list)


def _headers(request: HttpRequest) -> dict[str, str]:
    """``X-Say-Name: value`` becomes ``Name: value``."""
    return {name[6:]: value for name, value in request.headers.items() if name.startswith("X-Say-")}


def named(request: HttpRequest) -> HttpResponse:
    """A name, and a body that nobody is to see."""
    response = HttpResponse(b"not this", status=int(request.GET.get("status", 200)), headers=_headers(request))
    if "untyped" in request.GET:
        del response.headers["Content-Type"]
    if "cookie" in request.GET:
        response.set_cookie("seen", "yes")
    return response


async def async_named(request: HttpRequest) -> HttpResponse:
    return named(request)


def unicode_named(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"X-Sendfile": f"{request.headers['X-Root']}/ы.txt"})


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_endless(request.GET["key"]), headers=_headers(request))


def _endless(key: str) -> Iterator[bytes]:
    try:
        while True:
            yield b"not this" * 1000
    finally:
        _noted[key].append("closed")


async def async_streamed(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_async_endless(request.GET["key"]), headers=_headers(request))


async def _async_endless(key: str) -> AsyncIterator[bytes]:
    try:
        while True:
            yield b"not this" * 1000
    finally:
        _noted[key].append("closed")


class Secret(File):
    """What it reads is not what is on the disk."""

    def read(self, size: int = -1) -> bytes:
        return bytes(sign ^ 1 for sign in self.file.read(size))


class Watched(io.FileIO):
    """A file that notes that it was read by Python, and that it was closed."""

    key = ""

    def readinto(self, buffer: Any) -> int | None:
        _noted[self.key].append("read")
        return super().readinto(buffer)

    def read(self, size: int | None = -1) -> bytes | None:
        _noted[self.key].append("read")
        return super().read(size)

    def close(self) -> None:
        if not self.closed:
            _noted[self.key].append("closed")
        super().close()


def _file(request: HttpRequest) -> Any:
    kind, name = request.GET["kind"], request.headers.get("X-File", "")
    if kind.startswith("memory"):
        memory = io.BytesIO(b"in memory " * 1000)
        memory.seek(7 if kind == "memory_partly" else 0)
        return memory
    if kind == "temporary":
        made = tempfile.NamedTemporaryFile(suffix=".txt")  # noqa: SIM115 - the response closes it
        made.write(b"temporary " * 1000)
        made.seek(0)
        return made
    raw = Watched(name)
    raw.key = request.GET["key"]
    if kind == "field":
        # As a FieldFile is made: of Django's, in which there is one of Django's, in which there is Python's.
        return File(File(io.BufferedReader(raw), name), name)
    if kind == "secret":
        return Secret(io.BufferedReader(raw), name)
    opened = raw if kind == "raw" else io.BufferedReader(raw)
    if kind == "partly":
        opened.read(10)
    return opened


def file(request: HttpRequest) -> FileResponse:
    """``?kind``: how it is opened; ``?as``: as which attachment."""
    name = request.GET.get("as", "")
    return FileResponse(_file(request), as_attachment=bool(name), filename=name)


async def async_file(request: HttpRequest) -> FileResponse:
    return file(request)


def noted(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_noted[request.GET["key"]], safe=False)


def swap(request: HttpRequest) -> HttpResponse:
    """Somebody puts a link in the place of a directory."""
    at = Path(request.headers["X-At"])
    os.rename(at, at.with_suffix(".old"))
    os.symlink(request.headers["X-To"], at)
    return HttpResponse()


_views: dict[str, Any] = {
    "named": named,
    "async_named": async_named,
    "unicode_named": unicode_named,
    "streamed": streamed,
    "async_streamed": async_streamed,
    "file": file,
    "async_file": async_file,
    "noted": noted,
    "swap": swap,
}
urlpatterns = [path(name, view) for name, view in _views.items()]
