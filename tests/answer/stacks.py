"""Middleware of every kind, and views, which write down in what order they are called.

``tests.answer.stacks.hooks_1`` is middleware of the kind ``hooks`` with the name ``hooks_1``. The query of a request
says what it does where: ``?hooks_1.request=raise``.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed, PermissionDenied
from django.http import HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import async_only_middleware, sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

#: Carried through all of it; what it holds in the end shows whether each part saw what those before it had set.
trail: ContextVar[tuple[str, ...]] = ContextVar("stack_trail", default=())
log: list[str] = []


def act(request: Any, place: str) -> Any:
    """Be seen, and do as the query says."""
    log.append(place)
    trail.set((*trail.get(), place))
    what = request.GET.get(place)
    if what == "raise":
        raise ValueError(place)
    if what == "deny":
        raise PermissionDenied(place)
    return HttpResponse(f"from {place}") if what == "return" else None


def marked(response: Any, name: str) -> Any:
    response.headers["X-Seen"] = response.headers.get("X-Seen", "") + f" {name}"
    response.headers["X-Trail"] = " ".join(trail.get())
    return response


class WithHooks:
    """The hooks that Django takes from any middleware."""

    name = ""

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        return act(request, f"{self.name}.view")

    def process_template_response(self, request: Any, response: Any) -> Any:
        return act(request, f"{self.name}.template") or response

    def process_exception(self, request: Any, exception: Exception) -> Any:
        return act(request, f"{self.name}.exception")


class WithAsyncHooks:
    name = ""

    async def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return act(request, f"{self.name}.view")

    async def process_template_response(self, request: Any, response: Any) -> Any:
        return act(request, f"{self.name}.template") or response

    async def process_exception(self, request: Any, exception: Exception) -> Any:
        await asyncio.sleep(0)
        return act(request, f"{self.name}.exception")


def hooks(name: str) -> Any:
    class Hooks(WithHooks, MiddlewareMixin):
        def process_request(self, request: Any) -> Any:
            return act(request, f"{name}.request")

        def process_response(self, request: Any, response: Any) -> Any:
            return act(request, f"{name}.response") or marked(response, name)

    Hooks.name = name
    return Hooks


def wraps(name: str) -> Any:
    """Of ``MiddlewareMixin``, with something of its own around what is within."""

    class Wraps(hooks(name)):  # type: ignore[misc]
        def __init__(self, get_response: Any) -> None:
            super().__init__(get_response)
            self.get_response = wrapped(get_response)

    def wrapped(get_response: Any) -> Any:
        if iscoroutinefunction(get_response):

            async def inner(request: Any) -> Any:
                return act(request, f"{name}.wrap") or marked(await get_response(request), "wrap")

            return inner
        return lambda request: act(request, f"{name}.wrap") or marked(get_response(request), "wrap")

    return Wraps


def overridden(name: str) -> Any:
    """Of ``MiddlewareMixin``, with a ``__call__`` of its own, as many have."""

    class Overridden(hooks(name)):  # type: ignore[misc]
        async_capable = False

        def __call__(self, request: Any) -> Any:
            return act(request, f"{name}.in") or marked(super().__call__(request), f"{name}.call")

    return Overridden


def whole(name: str) -> Any:
    def factory(get_response: Any) -> Any:
        def middleware(request: Any) -> Any:
            response = act(request, f"{name}.in") or get_response(request)
            return act(request, f"{name}.out") or marked(response, name)

        return middleware

    return factory


def old_class(name: str) -> Any:
    class Whole(WithHooks):
        def __init__(self, get_response: Any) -> None:
            self.get_response = get_response

        def __call__(self, request: Any) -> Any:
            response = act(request, f"{name}.in") or self.get_response(request)
            return act(request, f"{name}.out") or marked(response, name)

    Whole.name = name
    return Whole


def on_loop(name: str) -> Any:
    def factory(get_response: Any) -> Any:
        async def middleware(request: Any) -> Any:
            response = act(request, f"{name}.in") or await get_response(request)
            await asyncio.sleep(0)
            return act(request, f"{name}.out") or marked(response, name)

        return middleware

    return async_only_middleware(factory)


def async_class(name: str) -> Any:
    class OnLoop(WithAsyncHooks):
        sync_capable = False
        async_capable = True

        def __init__(self, get_response: Any) -> None:
            self.get_response = get_response
            markcoroutinefunction(self)

        async def __call__(self, request: Any) -> Any:
            response = act(request, f"{name}.in") or await self.get_response(request)
            return act(request, f"{name}.out") or marked(response, name)

    OnLoop.name = name
    return OnLoop


def either(name: str) -> Any:
    def factory(get_response: Any) -> Any:
        if iscoroutinefunction(get_response):

            async def async_middleware(request: Any) -> Any:
                response = act(request, f"{name}.in") or await get_response(request)
                return act(request, f"{name}.out") or marked(response, name)

            return async_middleware

        def middleware(request: Any) -> Any:
            response = act(request, f"{name}.in") or get_response(request)
            return act(request, f"{name}.out") or marked(response, name)

        return middleware

    return sync_and_async_middleware(factory)


def unused(name: str) -> Any:
    def factory(get_response: Any) -> Any:
        raise MiddlewareNotUsed

    return factory


#: Where each kind acts.
KINDS: dict[str, tuple[str, ...]] = {
    "hooks": ("request", "view", "template", "exception", "response"),
    "whole": ("in", "out"),
    "old_class": ("in", "view", "template", "exception", "out"),
    "on_loop": ("in", "out"),
    "async_class": ("in", "view", "template", "exception", "out"),
    "either": ("in", "out"),
    "overridden": ("in", "request", "view", "response"),
    "wraps": ("request", "wrap", "response"),
    "unused": (),
}
_makers: dict[str, Callable[[str], Any]] = {kind: globals()[kind] for kind in KINDS}


def __getattr__(name: str) -> Any:
    kind = name.rpartition("_")[0]
    if kind not in _makers:
        raise AttributeError(name)
    return _makers[kind](name)


# --- views -------------------------------------------------------------------------------------------------


def made(request: Any, kind: str) -> Any:
    act(request, "view")
    if kind == "plain":
        return HttpResponse("view")
    if kind == "fails":
        raise Failed("view")
    if kind == "nothing":
        return None
    template = engines["django"].from_string("{{ said }}" if kind == "template" else "{{ said.explode }}")
    return TemplateResponse(request, template, {"said": Said()})


#: What views have raised, as long as there is any of it.
failed: list[weakref.ref[Failed]] = []


class Failed(ValueError):
    def __init__(self, place: str) -> None:
        super().__init__(place)
        failed.append(weakref.ref(self))


def handler500(request: Any) -> HttpResponse:
    """Django's own looks for templates, and leaves a circle."""
    return HttpResponse("failed", status=500)


class Said:
    def __str__(self) -> str:
        return "said"

    def explode(self) -> None:
        raise LookupError("template")


def view(request: Any, kind: str) -> Any:
    return made(request, kind)


async def async_view(request: Any, kind: str) -> Any:
    await asyncio.sleep(0)
    return made(request, kind)


VIEWS = ["plain", "fails", "nothing", "template", "broken"]
urlpatterns = [path("sync/<kind>", view), path("async/<kind>", async_view)]
