"""Django's middleware as layers that can be left in the middle, for an async view to be awaited.

Django calls one middleware within the other, so that a chain which is to wait for an async view is either async as a
whole, with a thread hop for each sync part, or holds a thread meanwhile. Here a layer is entered in a thread and
either has a response, or a ``Pause``: something to be awaited on the loop, and the layers that have to be left with
the result, in a thread again. Middleware built on Django's ``MiddlewareMixin`` (all of Django's own) is taken apart
into its hooks; any other is called as Django would call it.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import response_for_exception

#: Of Django, which is not typed.
HttpRequest = Any
HttpResponse = Any
Hook = Callable[..., Any]
#: What a layer is left with: a response, or what the view raised. An exception knows the frames that it has passed, so
#: none of them keeps it: else the two would hold each other, and the request, until the collector comes.
Outcome = Any


class _Here(threading.local):
    """What this thread runs."""

    #: Around what it waits for on the loop: cancelled where it must not be waited for any longer.
    held: Callable[[], AbstractContextManager[None]] = nullcontext


here = _Here()


class Pause:
    """``start()`` is awaited on the loop; its outcome is handed to ``exits`` in turn, in a thread. On the way from one
    to the other ``outcome`` is it."""

    __slots__ = ("exits", "outcome", "start")

    def __init__(self, start: Callable[[], Awaitable[HttpResponse]], first: Layer, state: object = None) -> None:
        self.start = start
        self.exits: list[tuple[Layer, object]] = [(first, state)]
        self.outcome: Outcome = None

    def leave(self, request: HttpRequest) -> HttpResponse:
        """In a thread: through the layers outwards."""
        outcome = self.taken()
        for layer, state in self.exits:
            outcome = layer.leave(request, state, outcome)
        return outcome

    def taken(self) -> Outcome:
        """The outcome, which is no longer held here."""
        outcome, self.outcome = self.outcome, None
        return outcome


class Layer:
    """A part of the chain. Both methods are called in a thread and raise nothing that a response can be made of."""

    def enter(self, request: HttpRequest) -> HttpResponse | Pause:
        """The response, or what to wait for."""
        raise NotImplementedError

    def leave(self, request: HttpRequest, state: Any, outcome: Outcome) -> HttpResponse:
        """Go on with ``outcome`` after a pause; ``state`` is what ``enter`` gave to it."""
        raise NotImplementedError


class ViewLayer(Layer):
    """The innermost: resolve, view middleware, view, template response middleware."""

    def __init__(self, handler: BaseHandler) -> None:
        self._handler = handler

    def enter(self, request: HttpRequest) -> HttpResponse | Pause:
        """See ``Layer``."""
        handler = self._handler
        try:
            callback, args, kwargs = handler.resolve_request(request)
            for hook in handler._view_middleware:
                response = hook(request, callback, args, kwargs)
                if response:
                    return self._rendered(request, response, callback)
            view = handler.make_view_atomic(callback)
            if iscoroutinefunction(view):
                return Pause(lambda: view(request, *args, **kwargs), self, callback)
            try:
                response = view(request, *args, **kwargs)
            except Exception as error:
                response = handler.process_exception_by_middleware(error, request)
                if response is None:
                    raise
            return self._rendered(request, response, callback)
        except Exception as error:
            return response_for_exception(request, error)

    def leave(self, request: HttpRequest, state: Any, outcome: Outcome) -> HttpResponse:
        """See ``Layer``. ``state`` is the view."""
        try:
            if isinstance(outcome, Exception):
                outcome = self._handled(request, outcome)
            return self._rendered(request, outcome, state)
        except Exception as error:
            return response_for_exception(request, error)
        finally:
            del outcome  # see ``Outcome``

    def _handled(self, request: HttpRequest, error: Exception) -> HttpResponse:
        """What the middleware makes of the view's exception; raises it where that is nothing."""
        try:
            # Raised again: hooks and technical pages look at sys.exc_info().
            raise error
        except Exception:
            response = self._handler.process_exception_by_middleware(error, request)
            if response is None:
                raise
            return response
        finally:
            del error

    def _rendered(self, request: HttpRequest, response: HttpResponse, callback: Hook) -> HttpResponse:
        handler = self._handler
        handler.check_response(response, callback)
        if not (hasattr(response, "render") and callable(response.render)):
            return response
        for hook in handler._template_response_middleware:
            response = hook(request, response)
            name = f"{_name(hook)}.process_template_response"
            handler.check_response(response, hook, name=name)
        try:
            render = response.render
            response = async_to_sync(render)() if iscoroutinefunction(render) else render()
        except Exception as error:
            response = handler.process_exception_by_middleware(error, request)
            if response is None:
                raise
        return response


def _name(hook: Any) -> str:
    return type(getattr(hook, "__self__", hook)).__name__


class HooksLayer(Layer):
    """Middleware of the ``process_request`` and ``process_response`` kind that stands together, taken apart."""

    def __init__(self, inner: Layer) -> None:
        self._inner = inner
        self._count = 0
        #: Outermost first, with the number of the middleware.
        self._request_hooks: list[tuple[int, Hook]] = []
        #: By the number of the middleware where the way out begins.
        self._response_hooks: list[tuple[Hook, ...]] = [()]

    def add_outside(self, middleware: Any) -> None:
        """``middleware`` is the outermost from now on."""
        ask, respond = getattr(middleware, "process_request", None), getattr(middleware, "process_response", None)
        self._count += 1
        self._request_hooks = [(number + 1, hook) for number, hook in self._request_hooks]
        if ask is not None:
            self._request_hooks.insert(0, (1, ask))
        outside = (respond,) if respond is not None else ()
        self._response_hooks = [(), *(hooks + outside for hooks in [(), *self._response_hooks[1:]])]

    def beneath(self) -> Layer:
        """What the next ``add_outside`` will have within it."""
        within = HooksLayer(self._inner)
        within._count = self._count
        within._request_hooks, within._response_hooks = self._request_hooks, self._response_hooks
        return within

    def enter(self, request: HttpRequest) -> HttpResponse | Pause:
        """See ``Layer``."""
        for number, hook in self._request_hooks:
            try:
                response = hook(request)
            except Exception as error:
                # Its own process_response is not called: Django has it converted outside of this middleware.
                return self._outwards(request, response_for_exception(request, error), number - 1)
            if response:
                return self._outwards(request, response, number)
        response = self._inner.enter(request)
        if type(response) is Pause:
            response.exits.append((self, None))
            return response
        return self._outwards(request, response, self._count)

    def leave(self, request: HttpRequest, state: Any, outcome: Outcome) -> HttpResponse:
        """See ``Layer``."""
        return self._outwards(request, outcome, self._count)

    def _outwards(self, request: HttpRequest, response: HttpResponse, number: int) -> HttpResponse:
        for hook in self._response_hooks[number]:
            try:
                response = hook(request, response)
            except Exception as error:
                response = response_for_exception(request, error)
        return response


class SyncLayer(Layer):
    """Middleware that must be called as a whole, in a thread. An async view within it holds that thread."""

    def __init__(self, inner: Layer, middleware: Callable[[HttpRequest], HttpResponse] = NotImplemented) -> None:
        self._inner = inner
        self.middleware = middleware

    def enter(self, request: HttpRequest) -> HttpResponse | Pause:
        """See ``Layer``."""
        try:
            return self.middleware(request)
        except Exception as error:
            return response_for_exception(request, error)

    def get_response(self, request: HttpRequest) -> HttpResponse:
        """What the middleware calls."""
        return complete(self._inner, request)


def complete(layer: Layer, request: HttpRequest) -> HttpResponse:
    """In a thread, which waits where it must: the response of ``layer``."""
    found = layer.enter(request)
    if type(found) is not Pause:
        return found
    try:
        found.outcome = async_to_sync(_awaiting(found, here.held))()
    except Exception as error:
        found.outcome = error
    return found.leave(request)


def _awaiting(
    pause: Pause, held: Callable[[], AbstractContextManager[None]]
) -> Callable[[], Coroutine[Any, Any, HttpResponse]]:
    async def outcome() -> HttpResponse:
        with held():
            return await pause.start()

    return outcome


class AsyncLayer(Layer):
    """Middleware that must be called as a whole, on the loop."""

    def __init__(self, inner: Layer) -> None:
        self._inner = inner
        self.middleware: Callable[[HttpRequest], Awaitable[HttpResponse]]

    def enter(self, request: HttpRequest) -> HttpResponse | Pause:
        """See ``Layer``."""
        return Pause(lambda: self.middleware(request), self)

    def leave(self, request: HttpRequest, state: Any, outcome: Outcome) -> HttpResponse:
        """See ``Layer``."""
        if not isinstance(outcome, Exception):
            return outcome
        try:
            raise outcome
        except Exception as error:
            return response_for_exception(request, error)
        finally:
            del outcome

    async def get_response(self, request: HttpRequest) -> HttpResponse:
        """What the middleware awaits."""
        inner = self._inner
        found = inner.enter(request) if isinstance(inner, AsyncLayer) else await sync_to_async(inner.enter)(request)
        if type(found) is not Pause:
            return found
        try:
            found.outcome = await found.start()
        except Exception as error:
            found.outcome = error
        return await sync_to_async(found.leave)(request)
