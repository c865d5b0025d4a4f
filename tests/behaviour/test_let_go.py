"""A request is gone when its answer is, whatever became of it: its body may be large, and the collector comes late."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, gc, http.client, logging, sys, time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware

@async_only_middleware
def on_loop(get_response):
    async def middleware(request):
        return await get_response(request)
    return middleware

def fine(request):
    return HttpResponse("fine")

def fails(request):
    raise LookupError("of the view")

def nothing(request):
    raise Http404

async def async_fine(request):
    await asyncio.sleep(0)
    return HttpResponse("fine")

async def async_fails(request):
    await asyncio.sleep(0)
    raise LookupError("of the view")

async def streams(request):
    async def parts():
        yield b"one"
        await asyncio.sleep(0)
        yield b"two"
    return StreamingHttpResponse(parts())

VIEWS = [fine, fails, nothing, async_fine, async_fails, streams]
urlpatterns = [path(view.__name__, view) for view in VIEWS]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", *sys.argv[1:]]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", MIDDLEWARE=MIDDLEWARE)
import django
django.setup()
logging.disable(logging.CRITICAL)

from hendrix.test.engine import EngineThread

server = EngineThread("127.0.0.1", options={"threads": 2, "dev": False})
server.start()
server.is_ready.wait()

def ask(view):
    client = http.client.HTTPConnection("127.0.0.1", server.port)
    client.request("GET", f"/{view.__name__}")
    client.getresponse().read()
    client.close()

def left():
    return sum(issubclass(type(one), HttpRequest) for one in gc.get_objects())

gc.disable()
for view in VIEWS:
    ask(view)
    gc.collect()
    for _ in range(20):
        ask(view)
    deadline = time.monotonic() + 20
    while left() > 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    print(view.__name__, left())
server.terminate()
"""


@pytest.mark.parametrize("middleware", [[], ["__main__.on_loop"]], ids=["hooks", "on-loop"])
def test_requests(middleware) -> None:
    command = [sys.executable, "-c", PROGRAM, *middleware]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    left = {name: int(count) for name, count in (line.split() for line in done.stdout.splitlines())}
    assert len(left) == 6, done.stderr
    assert max(left.values()) <= 2, left
