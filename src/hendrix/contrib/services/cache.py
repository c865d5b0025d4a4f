"""``CacheService``: subclass it, and name the subclass in ``HENDRIX_SERVICES``, to have a word in what is cached.

    class Shop(CacheService):
        backend = MyBackend                      # a CacheBackend: where pages are kept beyond a worker's memory

        def keeps(self, path, status, headers):  # False: this answer is not kept
            return not path.startswith("/basket/")

It is the cache of ``--cache`` that it speaks to; in front of it there is no proxy any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.application.service import Service

from hendrix.cache import here
from hendrix.contrib.cache.backends import CacheBackend
from hendrix.contrib.cache.store import BackendStore
from hendrix.core.errors import UsageError


class CacheService(Service):
    """``from_port`` and ``to_port`` were the proxy's; today ``--cache-port`` gives the cache a listener of its own."""

    backend: type[CacheBackend] | CacheBackend | None = None
    name = "cache_proxy"

    def __init__(self, host: str = "", from_port: int = 0, to_port: int = 0, path: Any = b"", **_more: Any) -> None:
        self.host, self.from_port, self.to_port, self.path = host, from_port, to_port, path

    def keeps(self, path: str, status: int, headers: Mapping[str, str]) -> bool:
        """May the answer be kept, as far as the project is concerned? ``headers`` by lower-case name."""
        return True

    def startService(self) -> None:
        """Take part. Raises ``UsageError`` where there is no cache."""
        Service.startService(self)
        cache = here.owner()
        if cache is None:
            raise UsageError(f"{type(self).__name__} needs a cache; start the server with --cache")
        if type(self).keeps is not CacheService.keeps:
            cache.vetoes.append(lambda path, status, headers: not self.keeps(path, status, headers))
        if self.backend is not None:
            backend = self.backend() if isinstance(self.backend, type) else self.backend
            cache.use_store(BackendStore(cache.store, backend, cache.journal))
