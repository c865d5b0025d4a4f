"""Requests that another handler than ours sees through: Django's own, whoever serves it, and its test client.

Where Django makes a response, the response is told what follows it. ``request_finished`` is sent when a server closes
the response, having sent it; the test client does so before it returns the response.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

from hendrix.tasks import duties as here
from hendrix.tasks.crew import crew
from hendrix.tasks.duties import Duties

_state = {"listens": False, "ours": False}
#: Frames between a receiver of the signal and the response that is closed, and between a view and its handler.
_DEPTH = 8
_DEEPEST = 200


def leave_to_us() -> None:
    """Every request of this process goes through a handler of ours."""
    _state["ours"] = True


def listen() -> None:
    """From now on, once: as soon as anybody may have something to do after a response."""
    if _state["listens"] or "django" not in sys.modules:
        return
    from django.core.handlers.base import BaseHandler  # noqa: PLC0415 - if there is Django
    from django.core.signals import request_finished  # noqa: PLC0415

    _state["listens"] = True
    BaseHandler.get_response = _attending(BaseHandler.get_response)
    BaseHandler.get_response_async = _attending_async(BaseHandler.get_response_async)
    request_finished.connect(_over, dispatch_uid="hendrix.tasks")


def _attending(get_response: Any) -> Any:
    @functools.wraps(get_response)
    def attend(handler: Any, request: Any) -> Any:
        duties = _begun()
        response = get_response(handler, request)
        return response if duties is None else _followed(response, duties)

    return attend


def _attending_async(get_response: Any) -> Any:
    @functools.wraps(get_response)
    async def attend(handler: Any, request: Any) -> Any:
        duties = _begun()
        response = await get_response(handler, request)
        return response if duties is None else _followed(response, duties)

    return attend


def _begun() -> Duties | None:
    known = here.current.get()
    if known is not None and known.ours and not known.over:
        return None
    duties = Duties(ours=False)
    here.current.set(duties)
    return duties


def _followed(response: Any, duties: Duties) -> Any:
    """Called first of all when the response is closed, in the thread that then sends the signal, whatever thread and
    context made the response."""
    response._resource_closers.append(lambda: here.current.set(duties))
    return response


def notice() -> None:
    """A request that began before anybody listened, for it was the first to import its view.

    Django sets the URLconf for the time of a request. Under ASGI its context is not the one in which it ends.
    """
    if here.current.get() is not None or not _state["listens"] or _state["ours"]:
        return
    from django.urls import get_urlconf  # noqa: PLC0415

    if get_urlconf() is not None and _is_within_handler():
        here.current.set(Duties(ours=False))


def _is_within_handler() -> bool:
    from django.core.handlers.asgi import ASGIHandler  # noqa: PLC0415
    from django.core.handlers.base import BaseHandler  # noqa: PLC0415

    frame = sys._getframe(1)
    for _ in range(_DEEPEST):
        if (following := frame.f_back) is None:
            return False
        frame = following
        if frame.f_code.co_name == "__call__":
            caller = frame.f_locals.get("self")
            if isinstance(caller, BaseHandler):
                return not isinstance(caller, ASGIHandler)
    return False


def _over(sender: Any = None, **_named: object) -> None:
    found = here.current.get()
    if found is None or found.ours:
        return
    here.current.set(None)
    if not found:
        here.take(found)
        return
    code = _status()
    if sender is None or not _serves(sender):
        for duty in here.take(found):
            # Under a test client: in the test's thread and transaction, and the test learns what goes wrong.
            if code not in duty.skip:
                duty.run_loudly()
    elif (begin := here.settle(found, code, "", crew)) is not None:
        begin(code)


def _serves(sender: Any) -> bool:
    """Is it the handler of a server, and not one of ``django.test``?"""
    return not str(getattr(sender, "__module__", "")).startswith("django.test")


def _status() -> int:
    """Of the response that is being closed, which the signal does not tell."""
    frame = sys._getframe(1)
    for _ in range(_DEPTH):
        if (following := frame.f_back) is None:
            break
        frame = following
        closed = frame.f_locals.get("self") if frame.f_code.co_name == "close" else None
        if isinstance(code := getattr(closed, "status_code", None), int):
            return code
    return 0
