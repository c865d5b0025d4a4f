"""Messages of a request (``django.contrib.messages``), whose storage is made when somebody wants it.

Django's middleware makes it for every request, with a signer for its cookie. That is a tenth of a plain request, and
most of them neither have a message nor ask for one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage import default_storage
from django.utils.functional import SimpleLazyObject, empty

_DJANGOS = "django.contrib.messages.storage."


class _Storage(SimpleLazyObject):  # type: ignore[misc]
    """Becomes the request's storage when it is used."""


class LazyMessages:
    """The hooks of Django's ``MessageMiddleware``."""

    def __init__(self, middleware: MessageMiddleware) -> None:
        self._ask: Callable[[Any], Any] = middleware.process_request
        self._respond: Callable[[Any, Any], Any] = middleware.process_response

    def process_request(self, request: Any) -> Any:
        """See ``MessageMiddleware``."""
        if not hasattr(request, "session"):
            # One of the storages complains of that at once.
            return self._ask(request)
        request._messages = _Storage(partial(default_storage, request))
        return None

    def process_response(self, request: Any, response: Any) -> Any:
        """See ``MessageMiddleware``. A storage that nobody has used has nothing to store."""
        storage = request.__dict__.get("_messages")
        if type(storage) is _Storage and object.__getattribute__(storage, "_wrapped") is empty:
            return response
        return self._respond(request, response)


def quickened(middleware: Any) -> Any:
    """What has the hooks of ``middleware`` at less cost, if anything does; else ``middleware`` itself."""
    if type(middleware) is MessageMiddleware and settings.MESSAGE_STORAGE.startswith(_DJANGOS):
        return LazyMessages(middleware)
    return middleware
