"""Template tags for links: ``{% load hendrix_cache %}``.

``{% hendrix_cache_bust '/cart/' %}`` is the link to the page as it is made now, past the cache; and
``{% hendrix_cache_keep '/list/?page=2' %}`` the one to a page that is cached although it has a query.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit, urlunsplit

from django import template

register = template.Library()
#: Of the parameter that a page's view can ignore.
NAME = "nocache"


@register.simple_tag  # type: ignore[untyped-decorator]
def hendrix_cache_bust(url: str = "") -> str:
    """``url`` with a parameter of its own each time; without a URL the parameter alone, with its ``?``."""
    return _with(str(url), f"{NAME}={secrets.token_hex(4)}")


@register.simple_tag  # type: ignore[untyped-decorator]
def hendrix_cache_keep(url: str) -> str:
    """``url`` with ``cache=true``, where a query would otherwise pass the cache by."""
    return _with(str(url), "cache=true") if urlsplit(str(url)).query else str(url)


def _with(url: str, parameter: str) -> str:
    scheme, host, path, query, fragment = urlsplit(url)
    return urlunsplit((scheme, host, path, f"{query}&{parameter}" if query else parameter, fragment))
