"""The backend in memory, which the first Hendrix had."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import MutableMapping

from hendrix.contrib.cache import CachedResource
from hendrix.contrib.cache.backends import CacheBackend

#: Answers. The first one had no bound.
MOST = 10_000


class _Bounded(OrderedDict[str, CachedResource]):
    def __setitem__(self, uri: str, resource: CachedResource) -> None:
        super().__setitem__(uri, resource)
        while len(self) > MOST:
            self.popitem(last=False)


class MemoryCacheBackend(CacheBackend):
    """All instances have one cache, as it was."""

    _cache: MutableMapping[str, CachedResource] = _Bounded()

    @property
    def cache(self) -> MutableMapping[str, CachedResource]:
        """The mapping."""
        return self._cache
