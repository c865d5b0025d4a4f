"""Django's request handler, with the middleware chain built from ``layers``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.core.handlers.base import BaseHandler
from django.urls import URLResolver, get_resolver
from django.utils.deprecation import MiddlewareMixin
from django.utils.log import log_response
from django.utils.module_loading import import_string

from hendrix.answer.layers import AsyncLayer, HooksLayer, Layer, SyncLayer, ViewLayer, complete
from hendrix.core.events import DEBUG, emit


class Handler(BaseHandler):  # type: ignore[misc]
    """One set of middleware for sync and async views."""

    def __init__(self) -> None:
        #: Wraps a call that makes this thread wait; a server has another thread stand in for it.
        self.waiting: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda call: call
        self.chain: Layer
        #: Middleware that holds a thread while what is within it is awaited; the outermost first.
        self.holding: list[str] = []
        self.load_middleware()

    def load_middleware(self, is_async: bool | None = None) -> None:
        """As ``BaseHandler.load_middleware``. Raises what the middleware raises.

        What can be both runs on the loop if there are async views within, like in Django's own handlers. Hooks are
        neither: they run in a thread, which is not held.
        """
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        layer: Layer = ViewLayer(self)
        on_loop = has_async_views(get_resolver()) if is_async is None else is_async
        pauses = on_loop
        for path in reversed(settings.MIDDLEWARE):
            factory = import_string(path)
            can_sync = getattr(factory, "sync_capable", True)
            can_async = getattr(factory, "async_capable", False)
            if not can_sync and not can_async:
                raise RuntimeError(
                    f"Middleware {path} must have at least one of sync_capable/async_capable set to True."
                )
            try:
                if _is_made_of_hooks(factory):
                    layer = self._with_hooks(path, factory, layer)
                else:
                    on_loop = can_async and (on_loop or not can_sync)
                    layer = self._with_whole(path, factory, layer, on_loop)
                    if pauses and not on_loop:
                        self.holding.insert(0, path)
                    pauses = pauses or on_loop
            except MiddlewareNotUsed as reason:
                emit("middleware.not_used", DEBUG, middleware=path, reason=str(reason))
        self.chain = layer

    def _with_hooks(self, path: str, factory: Callable[..., Any], layer: Layer) -> Layer:
        made = layer if isinstance(layer, HooksLayer) else HooksLayer(layer)
        # Called by nobody but middleware that looks for itself; the hooks are called one by one.
        middleware = _made(path, factory, partial(complete, self, made.beneath()))
        made.add_outside(middleware)
        self._add_hooks(middleware)
        return made

    def _with_whole(self, path: str, factory: Callable[..., Any], layer: Layer, on_loop: bool) -> Layer:
        made = AsyncLayer(layer) if on_loop else SyncLayer(layer, self)
        made.middleware = _made(path, factory, made.get_response)
        self._add_hooks(made.middleware)
        return made

    def _add_hooks(self, middleware: Any) -> None:
        if hasattr(middleware, "process_view"):
            self._view_middleware.insert(0, self._in_thread(middleware.process_view))
        if hasattr(middleware, "process_template_response"):
            self._template_response_middleware.append(self._in_thread(middleware.process_template_response))
        if hasattr(middleware, "process_exception"):
            self._exception_middleware.append(self._in_thread(middleware.process_exception))

    def _in_thread(self, hook: Callable[..., Any]) -> Callable[..., Any]:
        return self.wait_for(hook) if iscoroutinefunction(hook) else hook

    def wait_for(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The coroutine function as a function for threads, which wait for it."""
        call = async_to_sync(function)

        def waits(*args: Any) -> Any:
            return self.waiting(call)(*args)

        return waits

    def get_response(self, request: Any) -> Any:
        """In a thread, as ``BaseHandler.get_response``: the response, whatever has to be waited for."""
        return self.completed(request, complete(self, self.chain, request))

    def completed(self, request: Any, response: Any) -> Any:
        """What Django does with every response before it is sent."""
        response._resource_closers.append(request.close)
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        return response


def _is_made_of_hooks(factory: Any) -> bool:
    """Does it do nothing but to call its hooks, as ``MiddlewareMixin`` does?"""
    return (
        isinstance(factory, type)
        and issubclass(factory, MiddlewareMixin)
        and all(getattr(factory, call) is getattr(MiddlewareMixin, call) for call in ("__call__", "__acall__"))
    )


def _made(path: str, factory: Callable[..., Any], get_response: Callable[..., Any]) -> Any:
    middleware = factory(get_response)
    if middleware is None:
        raise ImproperlyConfigured(f"Middleware factory {path} returned None.")
    return middleware


def has_async_views(resolver: URLResolver) -> bool:
    """Is there an async view among the URLs? Those that middleware puts in their place are not looked for."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if has_async_views(pattern):
                return True
        elif iscoroutinefunction(pattern.callback):
            return True
    return False
