"""A server's facts as a page for people, at most 80 columns wide. Pure.

Hendrix 6.0.0  8000_shop_settings  running, pid 1234, up 2h 13m
  http://127.0.0.1:8000
  shop.settings, generation 3, 2 workers wanted

WORKER      PID STATE         AGE  REQUESTS   BUSY QUEUE CONNS     RSS     PSS
     5     1240 ready     2h  13m     12034   3/12     0    20   51.0M   18.2M
template   1239 loaded
...
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from hendrix.cli import certificates
from hendrix.cli.complaint import one_line
from hendrix.cli.quantity import count, duration, size
from hendrix.observe import colour

Facts = Mapping[str, Any]
"""Of a server that may be of another version: any of them may be missing."""

_WIDTH = 80
_ROW = "{worker:>8} {pid:>7} {state:<8}{age:>8} {requests:>7} {busy:>9} {queue:>5} {connections:>6} {rss:>7} {pss:>7}"
_HEAD = {
    "worker": "WORKER",
    "pid": "PID",
    "state": "STATE",
    "age": "AGE",
    "requests": "REQS",
    "busy": "BUSY",
    "queue": "QUEUE",
    "connections": "CONNS",
    "rss": "RSS",
    "pss": "PSS",
}
_COLOURS = {"ready": colour.GREEN, "starting": colour.YELLOW, "loading": colour.YELLOW, "running": colour.GREEN}
_COLOURS |= dict.fromkeys(("retiring", "draining", "graceful stop", "fast stop"), colour.YELLOW)
_COLOURS |= dict.fromkeys(("killed", "frozen"), colour.RED)


def report(facts: Facts, now: float, *, coloured: bool) -> str:
    """The page. ``now`` is Unix time."""
    paint = _painted if coloured else _plain
    lines = [*_server(facts, now, paint), "", *_table(facts, paint), "", *_certificates(facts, now)]
    lines += _events(facts, now, paint)
    return "\n".join(lines) + "\n"


def _plain(text: str, word: str) -> str:
    return text


def _painted(text: str, word: str) -> str:
    """``text`` with ``word`` in its colour."""
    code = _COLOURS.get(word)
    return text.replace(word, f"{code}{word}{colour.RESET}", 1) if code and word else text


# --- the server -------------------------------------------------------------------------------------------


def _server(facts: Facts, now: float, paint: Any) -> Iterator[str]:
    phase = one_line(str(facts.get("phase", "running")))
    up = duration(now - facts["started"]) if "started" in facts else "?"
    yield f"Hendrix {facts.get('version', '?')}  {one_line(str(facts.get('name', '')))}"
    yield paint(f"  {phase}, pid {facts.get('pid', '?')}, up {up}", phase)
    for url in facts.get("urls", ()):
        yield f"  {one_line(str(url))}"
    wanted = _several(facts.get("workers_wanted", 0), "worker")
    if tasks := facts.get("task_workers_wanted"):
        wanted += f" and {_several(tasks, 'task worker')}"
    about = [one_line(str(facts["settings"]))] if facts.get("settings") else []
    yield "  " + ", ".join([*about, f"generation {facts.get('generation', '?')}", f"{wanted} wanted"])
    yield from _cache(facts)
    yield from _hub(facts.get("hub") or {})
    if facts.get("candidate") is not None:
        since = duration(facts.get("loading_since") or 0)
        yield paint(f"  loading generation {facts['candidate']} for {since}", "loading")


def _cache(facts: Facts) -> Iterator[str]:
    """How much of what was asked for it had; nothing where there is none, or nothing was asked."""
    workers = facts.get("workers", ())
    asked, hits = (sum(int(worker.get(name) or 0) for worker in workers) for name in ("asked", "hits"))
    if asked:
        yield f"  cache: {hits / asked:.1%} of {count(asked)} from it"


def _hub(hub: Facts) -> Iterator[str]:
    """The relay, once somebody has needed it."""
    restarts = _several(hub.get("restarts") or 0, "restart")
    if hub.get("pid") is None:
        if hub.get("restarts"):
            yield f"  hub: no relay just now, {restarts}"
        return
    relay = f"  hub: relay pid {hub['pid']}, {restarts}"
    if "topics" not in hub:
        yield f"{relay}, does not answer"
        return
    peers = _several(hub.get("peers") or 0, "peer")
    yield f"{relay}, {peers}, {hub.get('rate') or 0:.1f} messages/s"
    yield f"       {_several(hub['topics'], 'topic')}, {_several(hub.get('subscriptions') or 0, 'subscription')}"
    yield f"       {size(hub.get('bytes'))} of history in {_several(hub.get('kept') or 0, 'message')}"
    if across := hub.get("across"):
        state = "connected" if across.get("connected") else "away"
        machines, waiting = across.get("machines") or 1, across.get("waiting") or 0
        yield f"       {across.get('redis')} is {state}: {_several(machines, 'machine')}, {waiting} waiting"


def _several(number: int, noun: str, many: str = "") -> str:
    return f"{number} {noun if number == 1 else many or noun + 's'}"


# --- its processes ----------------------------------------------------------------------------------------


def _table(facts: Facts, paint: Any) -> Iterator[str]:
    workers = facts.get("workers", [])
    generations = {worker.get("generation") for worker in workers}
    yield _ROW.format(**_HEAD).rstrip()
    for worker in workers:
        yield paint(_worker(worker, facts, several=len(generations) > 1).rstrip(), _state(worker))
    for template in facts.get("templates", []):
        row = dict.fromkeys(_HEAD, "") | {name: str(template.get(name, "-")) for name in ("pid", "state")}
        row |= {"worker": "template", "rss": size(template.get("rss")), "pss": size(template.get("pss"))}
        yield _ROW.format(**row).rstrip()
    if len(serving := [worker for worker in workers if worker.get("kind") != "tasks"]) > 1:
        yield _total(serving)


def _worker(worker: Facts, facts: Facts, *, several: bool) -> str:
    number = ("task " if worker.get("kind") == "tasks" else "") + str(worker.get("worker", "-"))
    row = {name: str(worker.get(name, "-")) for name in _HEAD} | {
        # Whose code it serves matters only while there is more than one.
        "worker": f"{number} g{worker.get('generation')}" if several else number,
        "pid": str(worker.get("pid") or "-"),
        "requests": count(worker.get("requests") or 0),
        "state": _state(worker),
        "age": duration(worker.get("age", 0)),
        "busy": f"{worker.get('busy', 0)}/{worker.get('threads', 0)}",
        "rss": size(worker.get("rss")),
        "pss": size(worker.get("pss")),
    }
    return _ROW.format(**row)


def _state(worker: Facts) -> str:
    return one_line(str(worker.get("state", "?")))


def _total(workers: list[Facts]) -> str:
    summed = {name: sum(worker.get(name) or 0 for worker in workers) for name in ("requests", "queue", "connections")}
    busy, threads = (sum(worker.get(name) or 0 for worker in workers) for name in ("busy", "threads"))
    row = dict.fromkeys(_HEAD, "") | {name: count(number) for name, number in summed.items()}
    row |= {"worker": "total", "busy": f"{busy}/{threads}", "rss": "", "pss": size(_memory(workers))}
    return _ROW.format(**row).rstrip()


def _memory(workers: list[Facts]) -> int | None:
    """Shares add up; resident sizes would count shared pages again and again."""
    shares = [worker.get("pss") for worker in workers]
    return sum(share for share in shares if share is not None) if any(shares) else None


def _certificates(facts: Facts, now: float) -> Iterator[str]:
    if table := certificates.rows(facts, now):
        yield from certificates.page(table, now)
        yield ""


# --- what happened to it ----------------------------------------------------------------------------------


def _events(facts: Facts, now: float, paint: Any) -> Iterator[str]:
    crashes = facts.get("crashes", 0)
    said = f"{_several(crashes, 'crash', 'crashes') if crashes else 'no crashes'}"
    if crash := facts.get("last_crash"):
        said += f"; the last {_ago(crash, now)}: worker {crash.get('worker')} (pid {crash.get('pid')})"
        said += f" {crash.get('status')}" + (f", {crash['reason']}" if crash.get("reason") else "")
    yield from _wrapped(said)
    renewal = facts.get("last_reload")
    if renewal and not (renewal.get("ok") and facts.get("generation") == 1):  # that was the start
        said = "done" if renewal.get("ok") else f"failed: {renewal.get('summary')}"
        took = duration(renewal.get("seconds") or 0)
        yield from _wrapped(f"last reload {_ago(renewal, now)}, in {took}: {said}")


def _ago(event: Facts, now: float) -> str:
    return f"{duration(now - event['at'])} ago" if "at" in event else "some time ago"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(one_line(text), _WIDTH, subsequent_indent="  ")
