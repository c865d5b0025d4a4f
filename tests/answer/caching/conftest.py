"""A cache around an application that the test plays itself: it sees what is asked, and answers when it likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hendrix.answer.caching import keeping as keeping_room
from hendrix.answer.caching import layer as layer_room
from hendrix.answer.caching.building import cookies_of, rules_of
from hendrix.answer.caching.codings import Codings
from hendrix.answer.caching.keeping import Keeping, Settings
from hendrix.answer.caching.layer import Cached
from hendrix.answer.caching.recording import record
from hendrix.cache.journal import SharedJournal
from hendrix.cache.store.memory import MemoryStore
from hendrix.cache.store.shared import SharedStore
from hendrix.core.config import Config
from hendrix.core.http import ResponseHeaders
from tests.kit.stage import FakeExchange, request


class Crew:
    """Does at once what others do in threads."""

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> bool:
        done(work())
        return True


class Cache:
    """``asked`` are the exchanges that the application has seen; it answers by itself where ``answers`` is set."""

    def __init__(self, directory: str, clock: list[float], *, shared: bool = False, **options: Any) -> None:
        self.clock = clock
        config = Config(cache=True, **options)
        self.journal = SharedJournal(f"{directory}/journal")
        self.store = MemoryStore(config.cache_size, self.journal)
        if shared:
            self.store = SharedStore(directory, config.cache_size, self.journal, 1, lambda: clock[0])
        settings = Settings(config.cache_largest, config.cache_wait, config.cache_obey)
        codings = Codings(["br", "gzip"], Crew())
        self.keeping = Keeping(settings, self.store, self.journal, rules_of(config), cookies_of(config), codings)
        #: What is to be called later, and after how long.
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.layer = Cached(
            self.keeping, record(self.keeping, self._application), lambda *what: self.later.append(what)
        )
        self.asked: list[Any] = []
        self.answers: tuple[str, ResponseHeaders, bytes] | None = None

    def _application(self, exchange: Any) -> None:
        self.asked.append(exchange)
        if self.answers is not None:
            exchange.respond(*self.answers)

    def get(self, target: bytes = b"/", *headers: tuple[bytes, bytes], method: str = "GET") -> FakeExchange:
        exchange = FakeExchange(request(target, *headers, method=method))
        self.layer.answer(exchange)
        return exchange

    def says(self, *headers: tuple[str, str], body: bytes = b"hello", status: str = "200 OK") -> None:
        self.answers = (status, [("Content-Type", "text/html"), *headers], body)

    def pass_time(self, seconds: float) -> None:
        self.clock[0] += seconds


def value(exchange: FakeExchange, name: str) -> str:
    """The field, repeated ones joined; empty where it is not there."""
    return ", ".join(found for known, found in exchange.headers if known.lower() == name)


@pytest.fixture
def make(tmp_path, monkeypatch) -> Callable[..., Cache]:
    clock = [1000.0]
    for room in (keeping_room, layer_room):
        monkeypatch.setattr(room, "steady", lambda: clock[0])
    return lambda **options: Cache(str(tmp_path), clock, **options)


@pytest.fixture
def cache(make) -> Cache:
    return make()
