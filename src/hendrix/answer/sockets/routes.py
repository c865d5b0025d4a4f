"""Which socket has which path: ``websocket_urlpatterns`` in the project's URLconf, or in the module that the setting
``HENDRIX_WEBSOCKETS`` names.

They are Django's own ``path`` and ``re_path``, with converters and ``include``. What they lead to is a ``WebSocket``
class, or a function that ``@websocket`` was put before.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from django.core.exceptions import ImproperlyConfigured
from django.urls import Resolver404, ResolverMatch, URLResolver, path
from django.urls.resolvers import RegexPattern, URLPattern
from django.utils.module_loading import import_string

from hendrix.answer.sockets.rate import Rate
from hendrix.answer.sockets.socket import WebSocket
from hendrix.hub.subscription import CLOSE, DROP_OLDEST

NAME = "websocket_urlpatterns"


def routes_of(module: str, brought: Iterable[tuple[str, str]] = ()) -> URLResolver:
    """Those of a module, if one is named, and those that resources bring: path and dotted name of the class.

    Raises ``ImproperlyConfigured``, ``ValueError`` for sockets that say nonsense.
    """
    patterns = list(getattr(importlib.import_module(module), NAME)) if module else []
    patterns += [path(place, import_string(name)) for place, name in brought]
    resolver = URLResolver(RegexPattern(r"^/"), patterns)
    _check(resolver)
    return resolver


def find(routes: URLResolver, place: str) -> ResolverMatch | None:
    """What serves the path ``place``."""
    try:
        return routes.resolve(place)
    except Resolver404:
        return None


def _check(resolver: URLResolver) -> None:
    """At the start, not when the first client comes."""
    for each in resolver.url_patterns:
        if not isinstance(each, URLPattern):
            _check(each)
            continue
        kind = each.callback
        if not (isinstance(kind, type) and issubclass(kind, WebSocket)):
            raise ImproperlyConfigured(
                f"{NAME}: {each.pattern} leads to {kind!r}; it must be a class derived of "
                "hendrix.websockets.WebSocket, or a function with @websocket before it"
            )
        kind.find_codec()
        if kind.rate:
            Rate(kind.rate, 0.0)
        if kind.on_full not in (CLOSE, DROP_OLDEST):
            raise ValueError(f"on_full of {kind.__name__} is {kind.on_full!r}; it can be {DROP_OLDEST!r} or {CLOSE!r}")
        if kind.queue < 0:
            raise ValueError(f"queue of {kind.__name__} is {kind.queue!r}; it can be 0 or more")
        spoken: object = kind.subprotocols
        if isinstance(spoken, str):
            raise ValueError(f"subprotocols of {kind.__name__} is {spoken!r}; it must be a list of names")
