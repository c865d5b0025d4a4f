"""Paths that are found in the URLconf again and again.

Django tries the patterns one after the other for each request. Where a path has nothing to capture the outcome is
always the same, so it is remembered; but only in a URLconf made of Django's own plain patterns and converters,
for others may depend on the language, the database or the hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import ResolverMatch, URLPattern, URLResolver
from django.urls.converters import DEFAULT_CONVERTERS
from django.urls.resolvers import RegexPattern, RoutePattern

_MOST = 2000
_PLAIN_CONVERTERS = {type(converter) for converter in DEFAULT_CONVERTERS.values()}


class Routes:
    """What one URLconf has found so far."""

    def __init__(self) -> None:
        self._resolver: URLResolver | None = None
        self._plain = False
        self._found: dict[str, dict[str, Any]] = {}

    def resolve(self, resolver: URLResolver, path: str) -> ResolverMatch:
        """As ``resolver.resolve(path)``. Raises ``Resolver404``."""
        if resolver is not self._resolver:
            self._resolver, self._found = resolver, {}
            self._plain = is_plain(resolver)
        facts = self._found.get(path)
        if facts is not None:
            # One of its own for each request, for somebody may write to it.
            match = ResolverMatch.__new__(ResolverMatch)
            match.__dict__.update(facts)
            match.kwargs = {}
            return match
        match = resolver.resolve(path)
        if self._plain and not match.args and not match.kwargs and len(self._found) < _MOST:
            self._found[path] = match.__dict__.copy()
        return match


def is_plain(resolver: URLResolver) -> bool:
    """Does what is found depend on the path alone?"""
    return all(_is_plain_pattern(each.pattern) and type(each) in (URLPattern, URLResolver) for each in walk(resolver))


def walk(resolver: URLResolver) -> Iterator[URLPattern | URLResolver]:
    """All patterns and resolvers below ``resolver``, each once: a URLconf may include itself."""
    seen: set[int] = set()
    waiting: list[Any] = list(resolver.url_patterns)
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += getattr(each, "url_patterns", ())


def _is_plain_pattern(pattern: Any) -> bool:
    if type(pattern) is RegexPattern:
        return type(pattern._regex) is str
    if type(pattern) is not RoutePattern or type(pattern._route) is not str:
        return False  # of a kind of its own, or translated
    return {type(converter) for converter in pattern.converters.values()} <= _PLAIN_CONVERTERS
