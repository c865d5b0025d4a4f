"""A Django project in one module, whose answers are worth compressing."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import condition
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

SECRET_KEY = "coded"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]

PAGE = "<p>One sentence like another.</p>\n" * 200
_big: list[str] = []
_gates: defaultdict[str, threading.Event] = defaultdict(threading.Event)
_closed: defaultdict[str, list[str]] = defaultdict(list)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


async def async_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def big(request: HttpRequest) -> HttpResponse:
    """Twenty megabytes of JSON."""
    if not _big:
        rows = [
            {"id": number, "name": f"product {number}", "price": number * 7919 % 1000} for number in range(380_000)
        ]
        _big.append(json.dumps(rows))
    return HttpResponse(_big[0], content_type="application/json")


def cookie(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(PAGE)
    response.set_cookie("seen", "yes")
    return response


@condition(etag_func=lambda request: '"state-1"')
def state(request: HttpRequest) -> HttpResponse:
    """GET and PUT by what one has seen."""
    return HttpResponse(PAGE if request.method == "GET" else "stored")


def rows(request: HttpRequest) -> StreamingHttpResponse:
    """One row, and one more at the gate ``?key``."""
    return StreamingHttpResponse(_rows(request.META["QUERY_STRING"]), content_type="text/csv")


def _rows(key: str) -> Iterator[str]:
    try:
        yield "first row\n"
        _gates[key].wait(20)
        yield "second row\n"
    finally:
        _closed[key].append("closed")


async def events(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_events(request.META["QUERY_STRING"]), content_type="text/event-stream")


async def _events(key: str) -> AsyncIterator[str]:
    try:
        yield "data: first\n\n"
        while not _gates[key].is_set():
            await asyncio.sleep(0.01)
        yield "data: second\n\n"
    finally:
        _closed[key].append("closed")


def endless(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_endless(request.META["QUERY_STRING"]), content_type="text/plain")


def _endless(key: str) -> Iterator[bytes]:
    """What does not shrink, in pieces small and large."""
    try:
        while True:
            yield os.urandom(100)
            yield os.urandom(100_000)
    finally:
        _closed[key].append("closed")


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(open(request.headers["X-File"], "rb"))


def open_gate(request: HttpRequest) -> HttpResponse:
    _gates[request.META["QUERY_STRING"]].set()
    return HttpResponse()


def closed(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_closed[request.META["QUERY_STRING"]], safe=False)


def quick(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(time.monotonic()))


class Twisted(Resource):
    """A page, or with ``?key`` as much as there is before the gate and behind it."""

    isLeaf = True

    def render_GET(self, request: Any) -> Any:
        key = request.args.get(b"key")
        request.setHeader("Content-Type", "text/plain")
        if not key:
            return PAGE.encode()
        request.write(b"first")
        self._look(request, key[0].decode())
        return NOT_DONE_YET

    def _look(self, request: Any, key: str) -> None:
        from twisted.internet import reactor

        if _gates[key].is_set():
            request.write(b"second")
            request.finish()
        else:
            reactor.callLater(0.01, self._look, request, key)


twisted = Twisted()

_views: dict[str, Any] = {
    "page": page,
    "async_page": async_page,
    "big": big,
    "cookie": cookie,
    "state": state,
    "rows": rows,
    "events": events,
    "endless": endless,
    "file": file,
    "open": open_gate,
    "closed": closed,
    "quick": quick,
}
urlpatterns = [path(name, view) for name, view in _views.items()]
