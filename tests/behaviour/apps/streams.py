"""A Django project of one file, with event streams: settings, URLs and views. ``hx start --settings streams``."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from django.http import HttpResponse, JsonResponse
from django.urls import path

from hendrix.django.sse import Event, EventStream, last_event_id

DEBUG = False
SECRET_KEY = "for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
USE_TZ = True
MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", "django.middleware.common.CommonMiddleware"]

journal: dict[str, list[str]] = defaultdict(list)
listeners: dict[str, set[asyncio.Queue]] = defaultdict(set)


async def events(request, key):
    """What is published under ``key``."""

    async def listen():
        queue = asyncio.Queue()
        listeners[key].add(queue)
        journal[key].append("listens")
        try:
            yield Event("welcome", id=last_event_id(request) or "0")
            while True:
                yield await queue.get()
        finally:
            listeners[key].discard(queue)
            await asyncio.sleep(0)
            journal[key].append("left")

    return EventStream(listen(), heartbeat=float(request.GET.get("heartbeat", "15")))


def from_sync(request, key):
    """A sync view may give one too."""

    async def listen():
        yield "from a sync view"

    return EventStream(listen())


async def publish(request, key):
    for queue in listeners[key]:
        queue.put_nowait(request.body.decode())
    return HttpResponse(str(len(listeners[key])))


async def journal_of(request, key):
    return JsonResponse(journal[key], safe=False)


urlpatterns = [
    path("events/<key>", events),
    path("from_sync/<key>", from_sync),
    path("publish/<key>", publish),
    path("journal/<key>", journal_of),
]
