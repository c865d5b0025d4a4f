"""The HTTP cache: what may be kept (RFC 9111), what is kept, and how it is thrown away.

What a Django project uses of it is to be had from here: ``from hendrix.cache import purge, tagged``. It lives in
``hendrix.django.caching``, and is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = frozenset(("purge", "purge_on_change", "purge_on_commit", "tag_response", "tagged", "tags_of"))


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module("hendrix.django.caching"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
