"""Middleware that does as the query tells it: ``?marks.request=return`` and the like."""

import zoneinfo

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from project import current
from project.journal import note


class Noting(MiddlewareMixin):
    """Notes its hooks; returns or raises where it is told to."""

    def _at(self, request, hook):
        place = f"{type(self).__name__.lower()}.{hook}"
        note(request, place)
        current.add(place)
        what = request.GET.get(place)
        if what == "raise":
            raise ValueError(f"{place} raised")
        if what == "deny":
            raise PermissionDenied(place)
        if what == "return":
            return HttpResponse(f"{place} returned")
        if what == "template":
            return TemplateResponse(request, "said.html", {"said": f"{place} template"})
        return None

    def process_request(self, request):
        if urlconf := request.GET.get(f"{type(self).__name__.lower()}.urlconf"):
            request.urlconf = urlconf
        if language := request.GET.get("language"):
            translation.activate(language)
        if zone := request.GET.get("zone"):
            timezone.activate(zoneinfo.ZoneInfo(zone))
        return self._at(request, "request")

    def process_view(self, request, view, args, kwargs):
        return self._at(request, "view")

    def process_template_response(self, request, response):
        self._at(request, "template_response")
        if "swap" in request.GET:
            return TemplateResponse(request, "said.html", {"said": "swapped"})
        return response

    def process_exception(self, request, exception):
        note(request, f"saw {type(exception).__name__}")
        return self._at(request, "exception")

    def process_response(self, request, response):
        self._at(request, "response")
        name = type(self).__name__
        response.headers[f"X-{name}"] = "seen"
        response.headers["X-Trail"] = " ".join(current.trail.get())
        response.headers["X-Language"] = translation.get_language() or ""
        response.headers["X-Zone"] = timezone.get_current_timezone_name()
        return response


class Marks(Noting):
    pass


class Inner(Noting):
    pass


class AsyncHooks:
    """Hooks of coroutine functions, which Django allows in async-capable middleware."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        from asgiref.sync import markcoroutinefunction

        markcoroutinefunction(self)

    async def __call__(self, request):
        note(request, "call")
        response = await self.get_response(request)
        note(request, "called")
        return response

    async def process_view(self, request, view, args, kwargs):
        note(request, "view hook")
        if "hook" in request.GET:
            return HttpResponse("of the hook")
        return None

    async def process_template_response(self, request, response):
        note(request, "template hook")
        return response

    async def process_exception(self, request, exception):
        note(request, "exception hook")
        return HttpResponse("handled") if "handle" in request.GET else None


@sync_and_async_middleware
def either(get_response):
    from asgiref.sync import iscoroutinefunction

    if iscoroutinefunction(get_response):

        async def middleware(request):
            current.add("either async")
            response = await get_response(request)
            response.headers["X-Either"] = "async"
            return response
    else:

        def middleware(request):
            current.add("either sync")
            response = get_response(request)
            response.headers["X-Either"] = "sync"
            return response

    return middleware


def opaque(get_response):
    def middleware(request):
        note(request, "opaque in")
        response = get_response(request)
        note(request, "opaque out")
        return response

    return middleware
