"""Pages that wait without a thread: figures as they change, two slow things at once, a socket that answers."""

import asyncio
import time
from collections.abc import Awaitable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hendrix.django.sse import EventStream

from .. import echo as echoing
from .. import figures
from .answer import answer
from .query import number


async def dashboard(request: HttpRequest) -> HttpResponse:
    """The page; what it shows comes from `dashboard_events`."""
    return render(request, "workshop/dashboard.html")


async def dashboard_events(request: HttpRequest) -> EventStream:
    """The figures as an event stream, every `?pause=` seconds (0.2 to 10, default 1)."""
    return EventStream(figures.watch(number(request, "pause", default=1, low=0.2, high=10)))


async def both(request: HttpRequest) -> HttpResponse:
    """Two slow things at once, `?maker=` and `?scale=` seconds (0 to 10): as slow as the slower one."""
    maker = number(request, "maker", default=1.2, low=0, high=10)
    scale = number(request, "scale", default=0.8, low=0, high=10)
    start = time.monotonic()
    calls = await asyncio.gather(
        _timed("The string maker", "awaited, as a call to another service is", start, _ask_string_maker(maker)),
        _timed("The post scale", "blocking, so in a thread of its own", start, asyncio.to_thread(_read_scale, scale)),
    )
    took = time.monotonic() - start
    for call in calls:
        call |= {"left": 100 * call["began"] / took, "width": 100 * (call["ended"] - call["began"]) / took}
    facts = {"calls": calls, "took": took, "in_turn": sum(call["ended"] - call["began"] for call in calls)}
    return answer(request, "workshop/both.html", facts)


async def echo(request: HttpRequest) -> HttpResponse:
    """The page that talks to the socket at `/echo/socket/`, which is no view: see `showcase/asgi.py`."""
    return render(request, "workshop/echo.html", {"socket": echoing.PATH})


async def _timed(name: str, how: str, start: float, call: Awaitable[str]) -> dict[str, object]:
    """What `call` said, and when it began and ended, in seconds after `start`."""
    began = time.monotonic() - start
    said = await call
    return {"name": name, "how": how, "said": said, "began": began, "ended": time.monotonic() - start}


async def _ask_string_maker(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "Twelve sets of tens, on Thursday."


def _read_scale(seconds: float) -> str:
    time.sleep(seconds)
    return "Four kilograms and a bit."
