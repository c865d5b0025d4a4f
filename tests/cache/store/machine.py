"""One of the machines that share a Redis: its workers' stores, on one loop."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import redis

from hendrix.cache.journal import SharedJournal
from hendrix.cache.store.redis import RedisStore
from tests.cache.store.stage import LIMIT, Clock, Stage

_numbers = itertools.count()


class Machine:
    """Its journal is in the file ``journal``; machines with the same ``name`` and ``loop`` belong together."""

    def __init__(
        self,
        url: str,
        name: str,
        journal: Path,
        loop: asyncio.AbstractEventLoop | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.url, self.name, self._path = url, name, str(journal)
        self.loop = loop or asyncio.new_event_loop()
        self._owns = loop is None
        self._heard: dict[RedisStore, set[bytes]] = {}
        self.journal = SharedJournal(self._path)
        self.clock = clock or Clock()
        self.stage = Stage("redis", self.open, lambda: self.journal, self.clock, self.turn)

    def open(self, limit: int = LIMIT) -> RedisStore:
        store = self.open_deaf(limit)
        self.until(lambda: store._hears or store._listening.done())
        assert not store._listening.done(), store._listening.exception()
        return store

    def open_deaf(self, limit: int = LIMIT) -> RedisStore:
        """One that need not reach a server."""
        store = RedisStore(self.url, self.name, limit, SharedJournal(self._path), self.loop, self.clock)
        heard = self._heard[store] = set()
        told = store._on_news
        store._on_news = lambda news: heard.add(news) if news.startswith(b"test") else told(news)  # type: ignore[method-assign]
        return store

    def turn(self) -> None:
        """Let everything that was begun come to its end, and all news arrive."""
        self.until(lambda: not any(store._tasks for store in self._heard))
        hearing = [store for store in self._heard if store._hears]
        if hearing:
            mark = b"test %d" % next(_numbers)
            with redis.Redis.from_url(self.url) as client:
                client.publish(hearing[0]._channel, mark)
            self.until(lambda: all(mark in self._heard[store] for store in hearing if store._hears))

    def until(self, condition: Callable[[], object]) -> None:
        async def wait() -> None:
            async with asyncio.timeout(10):
                while not condition():
                    await asyncio.sleep(0.001)

        self.loop.run_until_complete(wait())

    def close(self) -> None:
        for store in self._heard:
            store.close()
            self.loop.run_until_complete(
                asyncio.gather(store._closing, store._listening, store._telling, return_exceptions=True)
            )
        if self._owns:
            self.loop.close()
