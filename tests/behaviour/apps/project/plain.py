"""Views that answer at once."""

import threading

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import get_urlconf
from django.utils import timezone, translation
from django.utils.translation import gettext

from project import current
from project.both import both, only
from project.journal import gates, note, passed

views = []


@both(views)
def hello(request):
    note(request, "view")
    return HttpResponse("hello")


ERRORS = {
    "denied": PermissionDenied("no"),
    "suspicious": SuspiciousOperation("odd"),
    "bad": BadRequest("bad"),
    "missing": Http404("gone"),
    "error": ValueError("the view failed"),
    "exit": SystemExit(3),
}


@both(views)
def fails(request):
    raise ERRORS[request.GET["how"]]


@both(views)
def nothing(request):
    return None


@both(views)
def template(request):
    return TemplateResponse(request, request.GET.get("name", "said.html"), {"said": Said()})


class Said:
    def __str__(self):
        return "said"

    def explode(self):
        raise ValueError("the template failed")


@both(views)
def context(request):
    """What of the middleware's context is here; and something to be found on the way out."""
    current.add("view")
    said = f"{' '.join(current.trail.get())} | {gettext('Yes')} | {timezone.get_current_timezone_name()}"
    if language := request.GET.get("then"):
        translation.activate(language)
    return HttpResponse(said)


@both(views)
def urlconf(request):
    return HttpResponse(str(get_urlconf()))


@only(views, "async")
async def meets(request):
    """Two requests at once, each with its own context."""
    current.add(request.GET["key"])
    note(request, "waits")
    await passed(request.GET["gate"])
    return HttpResponse(" ".join(current.trail.get()) + " " + translation.get_language())


@only(views, "sync")
def waits(request):
    note(request, "waits")
    gates[request.GET["gate"]].wait(20)
    note(request, "went on")
    return HttpResponse(threading.current_thread().name)


@only(views, "async")
async def waits(request):  # noqa: F811
    note(request, "waits")
    try:
        await passed(request.GET["gate"])
        note(request, "went on")
        return HttpResponse("waited")
    finally:
        note(request, "cleaned up")


@only(views, "async")
async def cancels_itself(request):
    """Awaits what somebody else has cancelled."""
    import asyncio

    task = asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().call_soon(task.cancel)
    await task


@only(views, "async")
async def stubborn(request):
    """Answers although it was cancelled."""
    import asyncio

    note(request, "waits")
    try:
        await passed(request.GET["gate"])
    except asyncio.CancelledError:
        note(request, "cancelled")
    return HttpResponse("all the same")
