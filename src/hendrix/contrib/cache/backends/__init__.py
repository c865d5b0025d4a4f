"""Backends of the first Hendrix's cache: subclass ``CacheBackend`` and name the subclass in a ``CacheService``.

A backend is where answers are kept beyond a worker's memory: over restarts, or for several machines. It is asked for
what the memory does not have, and told what is made. A purge empties it of what it means as well.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from hendrix.contrib.cache import CachedResource


class CacheBackend:
    """``cache`` is a mapping of URIs to ``CachedResource``; the methods may be replaced one by one instead."""

    @property
    def cache(self) -> MutableMapping[str, CachedResource]:
        """The mapping, such as a dict, a ``shelve`` or whatever a client of a database gives."""
        raise NotImplementedError(f"{type(self).__name__} has no cache; give it one that returns a mapping")

    def addResource(self, content: bytes, uri: str, headers: Mapping[str, str]) -> CachedResource:
        """Keep an answer."""
        found = CachedResource(content, headers)
        self.cache[uri] = found
        return found

    def getResource(self, uri: str) -> CachedResource | None:
        """What is kept, or None."""
        return self.cache.get(uri)

    def resourceExists(self, uri: str) -> bool:
        """Is something kept?"""
        return uri in self.cache

    def removeResource(self, uri: str) -> None:
        """Forget it."""
        self.cache.pop(uri, None)

    def processURI(self, uri: str, prefix: str = "") -> tuple[str, bool]:
        """``uri`` without ``prefix`` and ``cache=true``, and whether its query busts the cache."""
        path, _, query = uri.removeprefix(prefix).partition("?")
        parts = [part for part in query.replace(",", "&").split("&") if part]
        kept = [part for part in parts if part != "cache=true"]
        return (f"{path}?{'&'.join(kept)}" if kept else path), bool(kept) and len(kept) == len(parts)

    def cacheContent(self, content: bytes, uri: str, headers: Mapping[str, str]) -> Any:
        """The old name of ``addResource``."""
        return self.addResource(content, uri, headers)

    def getCachedResource(self, uri: str) -> CachedResource | None:
        """The old name of ``getResource``."""
        return self.getResource(uri)
