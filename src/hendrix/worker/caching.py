"""A worker's answers to what the command line asks of the cache."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from hendrix.answer.caching.keeping import Keeping
from hendrix.cache.entry import Entry
from hendrix.cache.purges import from_plain
from hendrix.core.clock import steady
from hendrix.core.control import AskCache, CacheSays

_TOP = 10
_MOST_LISTED = 200
#: Characters of a URL.
_SHOWN = 200
_LOOKED_AT = 5_000


def answer(asked: AskCache, cache: Keeping | None) -> CacheSays:
    """What ``cache`` has to say; None: there is none."""
    if cache is None:
        return CacheSays(asked.number, {"wrong": "this server has no cache; start it with --cache"})
    verb = asked.facts.get("verb")
    try:
        return CacheSays(asked.number, _ANSWERS[str(verb)](cache, asked.facts))
    except (KeyError, ValueError, TypeError) as error:
        return CacheSays(asked.number, {"wrong": f"{verb} is not understood: {error}"})


def _purge(cache: Keeping, facts: dict[str, Any]) -> dict[str, Any]:
    purges = [from_plain(plain) for plain in facts["purges"]]
    return {"purged": sum(cache.store.purge(purge) for purge in purges)}


def _stats(cache: Keeping, _facts: dict[str, Any]) -> dict[str, Any]:
    counts, tally = cache.store.counts(), cache.tally
    entries = sorted(cache.store.listing(_LOOKED_AT), key=lambda entry: -entry.hits)[:_TOP]
    return {
        "shared": cache.store.far,
        "entries": counts.entries,
        "bytes": counts.size,
        "limit": counts.limit,
        "evicted": counts.evicted,
        "hits": tally.hits,
        "stale": tally.stale,
        "misses": tally.misses,
        "collapsed": tally.collapsed,
        "passed": tally.passed,
        "stored": tally.stored,
        "renewed": tally.renewed,
        "reasons": dict(tally.reasons.most_common(_TOP)),
        "recent": [[url[:_SHOWN], reason] for url, reason in list(tally.recent)[-_TOP:]],
        "top": [[_url(entry), entry.hits, entry.size] for entry in entries if entry.hits],
    }


def _list(cache: Keeping, _facts: dict[str, Any]) -> dict[str, Any]:
    now = steady()
    return {
        "shared": cache.store.far,
        "entries": [
            {
                "id": blake2b(entry.key, digest_size=8).hexdigest(),
                "url": _url(entry),
                "status": entry.status[:3],
                "age": int(entry.age(now)),
                "ttl": int(entry.freshness(now)),
                "bytes": entry.size,
                "hits": entry.hits,
                "codings": sorted(entry.bodies),
                "vary": [name.decode("latin-1") for name, _ in entry.vary],
            }
            for entry in cache.store.listing(_MOST_LISTED)
        ],
    }


def _url(entry: Entry) -> str:
    return entry.url.decode("latin-1")[:_SHOWN]


_ANSWERS = {"purge": _purge, "stats": _stats, "ls": _list}
