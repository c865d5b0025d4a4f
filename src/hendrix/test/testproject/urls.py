"""A view of each kind."""

from __future__ import annotations

import asyncio

from django.http import HttpRequest, HttpResponse
from django.urls import path
from twisted.internet import reactor, threads

from hendrix.facilities.services import get_service


def sync(request: HttpRequest) -> HttpResponse:
    """By way of the loop."""
    return HttpResponse(threads.blockingCallFromThread(reactor, get_service("greeter").greet, "sync"))


async def asynchronous(request: HttpRequest) -> HttpResponse:
    """By way of a thread."""
    greeting = threads.deferToThread(get_service("greeter").greet, "async")
    return HttpResponse(await greeting.asFuture(asyncio.get_running_loop()))


urlpatterns = [path("sync", sync), path("async", asynchronous)]
