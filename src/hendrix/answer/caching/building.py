"""A worker's cache, as the options say."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from hendrix.answer.caching.codings import Codings
from hendrix.answer.caching.keeping import Keeping, Settings
from hendrix.answer.compress.crew import Crew
from hendrix.cache import folder, here
from hendrix.cache.cookies import ANALYTICS, LANGUAGE, VISITORS, Cookies
from hendrix.cache.journal import SharedJournal
from hendrix.cache.rules import Rule, Rules
from hendrix.cache.store.interface import Store
from hendrix.cache.store.memory import LARGEST_PART, MemoryStore
from hendrix.cache.store.shared import SharedStore
from hendrix.core.cache_rule import parse_rule
from hendrix.core.config import Config
from hendrix.core.events import ERROR, emit
from hendrix.core.values import CODINGS


def build_cache(config: Config, crew: Crew, loop: asyncio.AbstractEventLoop) -> Keeping | None:
    """None where there is to be none, or where there cannot be one, which is told."""
    if not config.cache:
        return None
    try:
        place = folder.made()
        journal = SharedJournal(os.path.join(place, "journal"))
        store = _store(config, place, journal, loop)
    except OSError as error:
        emit("cache.unavailable", ERROR, reason=str(error), advice="answers are not cached")
        return None
    largest = min(config.cache_largest, config.cache_size // LARGEST_PART)
    settings = Settings(largest, config.cache_wait, config.cache_obey, config.cache_token)
    codings = config.codings or CODINGS
    made = Keeping(settings, store, journal, rules_of(config), cookies_of(config), Codings(codings, crew))
    here.use(made)
    return made


def _store(config: Config, place: str, journal: SharedJournal, loop: asyncio.AbstractEventLoop) -> Store:
    if config.cache_store:
        from hendrix.cache.store.redis import RedisStore  # noqa: PLC0415 - a library that others do without

        return RedisStore(config.cache_store, config.subject, config.cache_size, journal, loop)
    if config.global_cache:
        return SharedStore(place, config.cache_size, journal, config.workers)
    return MemoryStore(config.cache_size, journal)


def rules_of(config: Config) -> Rules:
    """What a rule does not say, the options do."""
    usual: dict[str, Any] = {
        "query": config.cache_query,
        "grace": config.cache_grace,
        "heuristic": config.cache_heuristic,
        "browser": config.cache_browser,
    }
    told = [{**usual, **parse_rule(line)} for line in config.cache_rule]
    return Rules([Rule(**said, number=number) for number, said in enumerate(told)], Rule(**usual))


def cookies_of(config: Config) -> Cookies:
    """Which of them make a difference."""
    settings = _of_django()
    visitors = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME) if settings else VISITORS
    return Cookies(
        visitors=config.cache_visitor_cookies or tuple(str(name) for name in visitors),
        matter=config.cache_cookies,
        ignored=(*ANALYTICS, *config.cache_ignore_cookies),
        language=str(settings.LANGUAGE_COOKIE_NAME) if settings else LANGUAGE,
    )


def _of_django() -> Any:
    """The settings; None where there are none."""
    settings = sys.modules["django.conf"].settings if "django.conf" in sys.modules else None
    return settings if settings is not None and settings.configured else None
