"""Django's request handler, with the middleware chain built from ``layers``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.core.handlers.base import BaseHandler, logger
from django.urls import URLResolver, get_resolver
from django.utils.deprecation import MiddlewareMixin
from django.utils.log import log_response
from django.utils.module_loading import import_string

from hendrix.answer import housekeeping
from hendrix.answer.layers import AsyncLayer, HooksLayer, Layer, SyncLayer, ViewLayer, complete
from hendrix.answer.messages import quickened
from hendrix.answer.routes import Routes, walk


class Handler(BaseHandler):  # type: ignore[misc]
    """One set of middleware for sync and async views."""

    def __init__(self) -> None:
        self.chain: Layer
        #: Did each thread call ``prepare_context``?
        self.threads_are_prepared = False
        self._routes = Routes()
        housekeeping.install()
        self.load_middleware()

    def load_middleware(self, is_async: bool | None = None) -> None:
        """As ``BaseHandler.load_middleware``. Raises what the middleware raises.

        What can be both runs on the loop if there are async views within, like in Django's own handlers. Hooks are
        neither: they run in a thread, which is not held.
        """
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        #: Middleware that holds a thread while what is within it is awaited; the outermost first.
        self.holding: list[str] = []
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
                    on_loop = on_loop and not isinstance(layer, SyncLayer)
                else:
                    layer = self._with_whole(path, factory, layer, can_async and (on_loop or not can_sync))
                    on_loop = isinstance(layer, AsyncLayer)
                if pauses and isinstance(layer, SyncLayer):
                    self.holding.insert(0, path)
                pauses = pauses or isinstance(layer, AsyncLayer)
            except MiddlewareNotUsed as reason:
                _tell_not_used(path, reason)
        self.chain = layer

    def _with_hooks(self, path: str, factory: Callable[..., Any], layer: Layer) -> Layer:
        made = layer if isinstance(layer, HooksLayer) else HooksLayer(layer)
        get_response = partial(complete, made.beneath())
        middleware = _made(path, factory, get_response)
        self._add_hooks(middleware)
        if middleware.get_response is not get_response:
            # It has put something of its own around what is within it, which must be called.
            return SyncLayer(layer, middleware)
        made.add_outside(quickened(middleware))
        return made

    def _with_whole(self, path: str, factory: Callable[..., Any], layer: Layer, on_loop: bool) -> Layer:
        made = AsyncLayer(layer) if on_loop else SyncLayer(layer)
        made.middleware = _made(path, factory, made.get_response)
        self._add_hooks(made.middleware)
        return made

    def _add_hooks(self, middleware: Any) -> None:
        if hasattr(middleware, "process_view"):
            self._view_middleware.insert(0, _in_thread(middleware.process_view))
        if hasattr(middleware, "process_template_response"):
            self._template_response_middleware.append(_in_thread(middleware.process_template_response))
        if hasattr(middleware, "process_exception"):
            self._exception_middleware.append(_in_thread(middleware.process_exception))

    def resolve_request(self, request: Any) -> Any:
        """See ``BaseHandler.resolve_request``."""
        if hasattr(request, "urlconf"):
            return super().resolve_request(request)
        match = request.resolver_match = self._routes.resolve(get_resolver(), request.path_info)
        return match

    def get_response(self, request: Any) -> Any:
        """In a thread, as ``BaseHandler.get_response``: the response, whatever has to be waited for."""
        return self.completed(request, complete(self.chain, request))

    def completed(self, request: Any, response: Any) -> Any:
        """What Django does with every response before it is sent."""
        response._resource_closers.append(request.close)
        if response.status_code >= 400:
            log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        return response


def _in_thread(hook: Callable[..., Any]) -> Callable[..., Any]:
    return async_to_sync(hook) if iscoroutinefunction(hook) else hook


def _is_made_of_hooks(factory: Any) -> bool:
    """Does it do nothing but to call its hooks, as ``MiddlewareMixin`` does?"""
    return (
        isinstance(factory, type)
        and issubclass(factory, MiddlewareMixin)
        and all(getattr(factory, call) is getattr(MiddlewareMixin, call) for call in ("__call__", "__acall__"))
    )


def _tell_not_used(path: str, reason: MiddlewareNotUsed) -> None:
    """To Django's own logger, as the project's ``LOGGING`` expects it."""
    if settings.DEBUG and str(reason):
        logger.debug("MiddlewareNotUsed(%r): %s", path, reason)
    elif settings.DEBUG:
        logger.debug("MiddlewareNotUsed: %r", path)


def _made(path: str, factory: Callable[..., Any], get_response: Callable[..., Any]) -> Any:
    middleware = factory(get_response)
    if middleware is None:
        raise ImproperlyConfigured(f"Middleware factory {path} returned None.")
    return middleware


def has_async_views(resolver: URLResolver) -> bool:
    """Is there an async view among the URLs? Those that middleware puts in their place are not looked for."""
    return any(iscoroutinefunction(getattr(each, "callback", None)) for each in walk(resolver))
