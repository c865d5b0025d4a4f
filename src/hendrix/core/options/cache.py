"""The HTTP cache."""

from __future__ import annotations

from hendrix.core import cache_rule, values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Cache:
    """The HTTP cache."""

    cache: bool = option(False, values.switch, "keep answers that say how long they are fresh, and serve them", "-c")
    nocache: bool = option(False, values.switch, "no cache, whatever files and settings say")
    global_cache: bool = option(
        False, values.switch, "one cache for all workers; else each has its own", "-g", reloadable=False
    )
    cache_store: str = option(
        "",
        values.redis,
        "one cache for several machines, in a Redis or Valkey server: redis://host:6379/0, rediss: or unix:///path",
        metavar="URL",
        reloadable=False,
    )
    cache_size: int = option(
        64 * 1024**2,
        values.size,
        "bytes that it takes at most: of each worker, or with -g of all together; with a store, before it",
        metavar="SIZE",
        reloadable=False,
    )
    cache_port: int = option(
        0,
        values.number(0, 65535),
        "cache at this port of its own, and not at the others; 0: at all",
        metavar="PORT",
        setting="CACHE_PORT",
        reloadable=False,
    )
    cache_largest: int = option(
        2 * 1024**2, values.size, "largest body that is kept; at most an eighth of the cache", metavar="SIZE"
    )
    cache_query: str = option(
        "bust",
        values.choice("bust", "key"),
        "a query passes the cache by unless it has cache=true (bust), or is part of what is looked for (key)",
        metavar="HOW",
    )
    cache_rule: tuple[str, ...] = option(
        (),
        cache_rule.rule,
        "what holds for paths that a pattern matches: '^/news/ ttl=5m grace=1m'; may be given again",
        metavar="RULE",
        repeat=True,
    )
    cache_grace: float = option(
        0.0,
        values.duration,
        "time past its own in which an answer is served while it is renewed or renewing fails, unless it says itself",
        metavar="TIME",
    )
    cache_heuristic: bool = option(
        False, values.switch, "guess how long an answer is fresh that says nothing, by its Last-Modified"
    )
    cache_cookies: tuple[str, ...] = option(
        (),
        values.text,
        "names of the cookies that answers depend on, with * for anything; else all but those of analytics",
        metavar="NAME",
        repeat=True,
    )
    cache_ignore_cookies: tuple[str, ...] = option(
        (), values.text, "more cookies that make no difference", metavar="NAME", repeat=True
    )
    cache_visitor_cookies: tuple[str, ...] = option(
        (),
        values.text,
        "cookies by which the site knows a visitor; else those of Django's sessions and CSRF tokens",
        metavar="NAME",
        repeat=True,
    )
    cache_obey: bool = option(
        True, values.switch, "obey the Cache-Control of requests, such as a browser's reload", metavar=""
    )
    cache_browser: str = option(
        "pass",
        values.field_value,
        "what browsers learn of Cache-Control: pass it on, strip it, or a value in its place",
        metavar="VALUE",
    )
    cache_wait: float = option(
        5.0, values.duration, "time that a request waits for another that makes the same page", metavar="TIME"
    )
    cache_token: str = option(
        "",
        values.secret,
        "secret of whoever may send PURGE requests; without one only this machine may",
        metavar="SECRET",
    )
