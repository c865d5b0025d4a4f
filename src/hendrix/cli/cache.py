"""``hx cache``: what a running server's cache holds and does, and throwing away."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from hendrix.cli.actions import Switches
from hendrix.cli.complaint import one_line
from hendrix.cli.load import Sourced
from hendrix.cli.purging import converse_about
from hendrix.cli.quantity import count, duration, size
from hendrix.cli.running import find
from hendrix.cli.voice import Voice
from hendrix.core.errors import UsageError

_COUNTERS = ("hits", "stale", "misses", "collapsed", "passed", "stored", "renewed")
#: Of the store, which workers may share.
_STORED = ("entries", "bytes", "limit", "evicted")
_KINDS = ("tag", "prefix")
_SHOWN = 10


def cache(sourced: Sourced, switches: Switches) -> int:
    """Returns 0. Raises ``HendrixError`` where no server runs, it has no cache, or does not answer."""
    verb = next(name for name in ("purge", "stats", "ls") if name in switches)
    words = switches.operands
    if words and verb != "purge":
        raise UsageError(f"{words[0]!r} is one word too many; options begin with --")
    facts: dict[str, Any] = {"verb": verb}
    if verb == "purge":
        facts["purges"] = plain_purges(switches, words)
    answers = converse_about(find(sourced, os.environ), facts, Voice(sourced.config))
    if "json" in switches:
        sys.stdout.write(json.dumps(answers, indent=2) + "\n")
    elif verb == "purge":
        Voice(sourced.config).outcome(_purged(facts["purges"], answers))
    else:
        sys.stdout.write("\n".join(stats(answers) if verb == "stats" else _listing(answers)) + "\n")
    sys.stdout.flush()
    return 0


def plain_purges(switches: Switches, words: Sequence[str]) -> list[list[Any]]:
    """What is to be thrown away. Raises ``UsageError``."""
    from hendrix.cache import purges  # noqa: PLC0415 - help must not pay for it

    soft = "soft" in switches
    kinds = [kind for kind in (*_KINDS, "all") if kind in switches]
    if len(kinds) > 1:
        raise UsageError(f"--{kinds[0]} and --{kinds[1]} exclude each other; purge one after the other")
    if "all" in switches:
        if words:
            raise UsageError(f"--all is everything, {words[0]!r} included; leave one out")
        return [purges.to_plain(purges.purge_all(soft=soft))]
    if not words:
        raise UsageError("nothing to purge; give paths or URLs, --tag or --prefix and what, or --all")
    make = {"tag": purges.purge_tag, "prefix": purges.purge_prefix}.get(kinds[0] if kinds else "", purges.purge_url)
    try:
        return [purges.to_plain(make(word.encode("utf-8", "surrogateescape"), soft=soft)) for word in words]
    except ValueError as error:
        raise UsageError(str(error)) from None


def _purged(asked: list[list[Any]], answers: list[dict[str, Any]]) -> str:
    what = "everything" if asked[0][0] == "all" else f"{len(asked)} {asked[0][0]}{'s' if len(asked) > 1 else ''}"
    how = "stale from now on" if asked[0][2] else "purged"
    return f"{what} {how}"


# --- stats -----------------------------------------------------------------------------------------------------


def totals(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Of all workers together. What they share is counted once."""
    shared = any(answer.get("shared") for answer in answers)
    together = {name: sum(answer.get(name, 0) for answer in answers) for name in _COUNTERS}
    one = max if shared else sum
    for name in _STORED:
        together[name] = one(answer.get(name, 0) for answer in answers)
    asked = together["hits"] + together["stale"] + together["misses"] + together["collapsed"]
    together["ratio"] = (together["hits"] + together["stale"]) / asked if asked else 0.0
    return together


def stats(answers: list[dict[str, Any]]) -> Iterator[str]:
    """Lines for people."""
    found = totals(answers)
    yield f"hit ratio  {found['ratio']:.1%}  {count(found['hits'])} fresh, {count(found['stale'])} stale,"
    yield f"           {count(found['misses'])} missed, {count(found['collapsed'])} waited for one that was made"
    yield f"passed by  {count(found['passed'])}"
    yield f"holds      {count(found['entries'])} pages, {size(found['bytes'])} of {size(found['limit'])}"
    yield f"           {count(found['stored'])} stored, {count(found['renewed'])} renewed,"
    yield f"           {count(found['evicted'])} let go for room"
    reasons: Counter[str] = Counter()
    top: Counter[str] = Counter()
    for answer in answers:
        reasons.update(answer.get("reasons", {}))
        top.update({str(url): int(hits) for url, hits, _size in answer.get("top", ())})
    yield from _table("most asked for", [(count(hits), url) for url, hits in top.most_common(_SHOWN)])
    yield from _table("why not cached", [(count(number), reason) for reason, number in reasons.most_common(_SHOWN)])
    recent = [pair for answer in answers for pair in answer.get("recent", ())]
    yield from _table("lately not cached", [(str(reason), str(url)) for url, reason in recent[-_SHOWN:]])


def _table(title: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    if rows:
        width = max(len(left) for left, _ in rows)
        yield ""
        yield title
        yield from (f"  {left:>{width}}  {one_line(right)}" for left, right in rows)


def _listing(answers: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{'AGE':>6} {'LEFT':>6} {'BYTES':>8} {'HITS':>7} {'STATUS':>6}  URL"
    for entry in pages(answers):
        ages = f"{duration(entry['age']):>6} {duration(max(0, entry['ttl'])):>6}"
        vary = f"  (by {', '.join(entry['vary'])})" if entry.get("vary") else ""
        row = f"{ages} {size(entry['bytes']):>8} {count(entry['hits']):>7} {entry['status']:>6}"
        yield f"{row}  {one_line(entry['url'])}{one_line(vary)}"


def pages(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is kept. A page that workers share is one, with the hits that it had in all of them."""
    every = [entry for answer in answers for entry in answer.get("entries", ())]
    if not any(answer.get("shared") for answer in answers):
        return every
    found: dict[str, dict[str, Any]] = {}
    for entry in every:
        known = found.setdefault(entry["id"], {**entry, "hits": 0})
        known["hits"] += entry["hits"]
    return list(found.values())
