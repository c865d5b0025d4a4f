"""The async workloads, and the event stream with what feeds it."""

import asyncio
from collections.abc import AsyncIterator

from django.http import HttpRequest, HttpResponse

from hendrix.django.sse import EventStream

from .models import Row

_listeners: set[asyncio.Queue[str]] = set()


async def async_hello(request: HttpRequest) -> HttpResponse:
    """Thirteen bytes of text."""
    return HttpResponse("Hello, world!", content_type="text/plain")


async def async_orm(request: HttpRequest) -> HttpResponse:
    """One query, twenty objects, one line each."""
    lines = [f"{row.pk} {row.title} {row.price}" async for row in Row.objects.order_by("pk")[:20]]
    return HttpResponse("\n".join(lines), content_type="text/plain")


async def async_wait(request: HttpRequest) -> HttpResponse:
    """Waits as for a slow service."""
    await asyncio.sleep(0.02)
    return HttpResponse("Hello, world!", content_type="text/plain")


async def events(request: HttpRequest) -> EventStream:
    """An event stream, with the default heartbeat."""
    return EventStream(_heard())


async def _heard() -> AsyncIterator[str]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    _listeners.add(queue)
    try:
        yield "welcome"
        while True:
            yield await queue.get()
    finally:
        _listeners.discard(queue)


async def publish(request: HttpRequest) -> HttpResponse:
    """An event for everybody who listens."""
    for queue in _listeners:
        queue.put_nowait("news")
    return HttpResponse(str(len(_listeners)), content_type="text/plain")
