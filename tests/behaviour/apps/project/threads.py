"""Between threads and the loop."""

import asyncio
import threading
from contextvars import ContextVar

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.http import HttpResponse, JsonResponse
from django.urls import path

from project.journal import entries, gates, key_of, note

leak = ContextVar("leak", default="clean")


def name():
    return threading.current_thread().name


async def names(request):
    async with ThreadSensitiveContext():
        nested = await sync_to_async(name)()
    return JsonResponse(
        {
            "sensitive": await sync_to_async(name)(),
            "free": await sync_to_async(name, thread_sensitive=False)(),
            "to_thread": await asyncio.to_thread(name),
            "executor": await asyncio.get_running_loop().run_in_executor(None, name),
            "nested": nested,
            "loop": name(),
        }
    )


async def free_at_once(request):
    """Functions that are not thread-sensitive run side by side: they meet at a barrier."""
    barrier = threading.Barrier(3, timeout=10)
    await asyncio.gather(*(sync_to_async(barrier.wait, thread_sensitive=False)() for _ in range(3)))
    return HttpResponse("met")


async def leaks(request):
    """What an executor's function sets must not stay in the thread."""
    await asyncio.get_running_loop().run_in_executor(None, leak.set, "dirty")
    return HttpResponse(leak.get())


def leaked(request):
    return HttpResponse(leak.get())


_meeting = []


def all_at_once(request):
    """A sync view whose coroutine needs a thread, when every thread is taken by such views."""

    async def work():
        _meeting.append(request)
        while len(_meeting) < int(request.GET["count"]):
            await asyncio.sleep(0.001)
        free = await asyncio.to_thread(name)
        inner = await sync_to_async(nested)()
        return f"{free} {inner}"

    def nested():
        return async_to_sync(deeper)()

    async def deeper():
        return await asyncio.to_thread(name)

    return HttpResponse(async_to_sync(work)())


def loop_of(request):
    async def which():
        return f"{id(asyncio.get_running_loop())}"

    return HttpResponse(async_to_sync(which)())


async def loop_here(request):
    return HttpResponse(f"{id(asyncio.get_running_loop())}")


async def orphan(request):
    """A task that outlives its request and still uses threads."""

    async def later():
        await sync_to_async(gates[request.GET["gate"]].wait)(20)
        await sync_to_async(name)()
        note(request, "orphan done")

    orphans.append(asyncio.create_task(later()))
    return HttpResponse("left")


orphans = []


async def slow_function(request):
    """Cancelled while a function of it is in a thread."""

    def work():
        note(request, "waits")
        gates[request.GET["gate"]].wait(20)
        note(request, f"read {len(request.body)}")

    await sync_to_async(work)()
    return HttpResponse("")


async def opens(request):
    """Needs a thread to open the gate at which all threads wait."""
    note(request, "begun")
    while entries[key_of(request.META)].count("waits") < int(request.GET["count"]):
        await asyncio.sleep(0.002)
    await sync_to_async(gates[request.GET["gate"]].set)()
    return HttpResponse("opened")


async def raises(request):
    def fail():
        raise LookupError("in a thread")

    try:
        await sync_to_async(fail)()
    except LookupError as error:
        return HttpResponse(str(error))


views = (names, free_at_once, leaks, leaked, all_at_once, loop_of, loop_here, opens, orphan, slow_function, raises)
urlpatterns = [path(f"threads/{view.__name__}", view) for view in views]
