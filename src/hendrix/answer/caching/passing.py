"""Exchanges whose answers are not for the cache: what is said of that, and what they make invalid."""

from __future__ import annotations

from collections.abc import Callable

from hendrix.answer.around import Around
from hendrix.cache.answer import read_head
from hendrix.cache.invalidation import invalidated
from hendrix.cache.key import normal_path
from hendrix.cache.store.interface import Store
from hendrix.core.exchange import NO_MORE, Exchange
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import Prepared


class Passing(Around):
    """Says in Cache-Status why."""

    __slots__ = ("_said",)

    def __init__(self, inner: Exchange, said: str) -> None:
        super().__init__(inner)
        self._said = said

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        self.inner.respond(status, [*headers, ("Cache-Status", self._said)], body)

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        self.inner.start(status, [*headers, ("Cache-Status", self._said)])

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        """See ``Exchange.send``."""
        self.inner.send(answer, [*more, ("Cache-Status", self._said)])


class Unsafe(Around):
    """Of a method that may change something (RFC 9111 section 4.4): before the client learns of it, pages are gone."""

    __slots__ = ("_store",)

    def __init__(self, inner: Exchange, store: Store) -> None:
        super().__init__(inner)
        self._store = store

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        self._invalidate(status, headers)
        self.inner.respond(status, headers, body)

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        self._invalidate(status, headers)
        self.inner.start(status, headers)

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        """See ``Exchange.send``."""
        self._invalidate(answer.status, answer.headers)
        self.inner.send(answer, more, until, still)

    def _invalidate(self, status: str, headers: ResponseHeaders) -> None:
        if not isinstance(status, str) or status[:1] not in ("2", "3"):
            return
        try:
            told = read_head(status, headers).fields
        except (TypeError, ValueError, AttributeError):
            return  # whoever sends it will refuse it
        request = self.request
        path = normal_path(request.path)
        for purge in invalidated(self.origin.scheme, request.authority.lower(), path, status[:3], told):
            self._store.purge(purge)
