"""A glance at a server as lines for a terminal of some size. Pure: what is to be seen, and in which style."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hendrix.cli.complaint import one_line
from hendrix.cli.quantity import count, duration, size
from hendrix.cli.requests import failed

Facts = Mapping[str, Any]

PANES = ("requests", "views", "errors")
SORTS = ("worker", "cpu", "rate", "rss")
KEYS = "q quit  p pause  s sort  tab pane  enter stack  r recycle  R reload  P purge"
_HEAD = "WORKER     PID GEN STATE    AGE     BUSY INFL QUEUE CONNS  REQ/S  CPU     RSS"
_STATES = {"ready": "good", "killed": "bad", "frozen": "bad"}


class Style(StrEnum):
    """How a line looks; the screen knows the colours."""

    PLAIN = "plain"
    TITLE = "title"
    HEAD = "head"
    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"
    CHOSEN = "chosen"


Line = tuple[str, Style]


@dataclass(slots=True)
class View:
    """What the user has chosen to see. ``stack`` are the lines of the one request that is looked into."""

    pane: str = "requests"
    sort: str = "worker"
    chosen: int = 0
    paused: bool = False
    message: str = ""
    question: str = ""
    stack: list[str] | None = None


def page(facts: Facts, view: View, width: int, height: int, now: float) -> list[Line]:
    """All lines of the screen, none wider than it. ``now`` is Unix time."""
    above = [*_server(facts, view, now), ("", Style.PLAIN), *_workers(facts, view, max(2, (height - 8) // 2))]
    room = max(0, height - len(above) - 3)
    below = [("", Style.PLAIN), *_pane(facts, view, width, room)]
    lines = [*above, *below][: height - 1]
    lines += [("", Style.PLAIN)] * (height - 1 - len(lines))
    last = view.question or view.message or KEYS
    lines.append((last, Style.FAIR if view.question or view.message else Style.HEAD))
    return [(one_line(text)[: max(1, width - 1)], style) for text, style in lines]


# --- the server -------------------------------------------------------------------------------------------


def _server(facts: Facts, view: View, now: float) -> Iterator[Line]:
    up = duration(now - float(facts.get("started") or now))
    paused = "  PAUSED" if view.paused else ""
    loading = f", loading {facts['candidate']}" if facts.get("candidate") is not None else ""
    name = f"Hendrix {facts.get('version', '?')}  {facts.get('name', '')}"
    generation = f"generation {facts.get('generation')}{loading}{paused}"
    yield f"{name}  {facts.get('phase', '?')}, up {up}, {generation}", Style.TITLE
    parts = [f"{_number(facts.get('rate'))} req/s", f"{facts.get('in_flight', 0)} in flight"]
    latency = facts.get("latency") or {}
    if latency.get("p50") is not None:
        parts.append(f"p50 <= {_time(latency['p50'])} p95 <= {_time(latency.get('p95'))}")
    asked, hits = (sum(int(row.get(of) or 0) for row in facts.get("workers", ())) for of in ("asked", "hits"))
    parts += [f"cache {hits / asked:.0%} of {count(asked)}"] if asked else []
    parts += [f"{facts.get('crashes')} crashes"] if facts.get("crashes") else []
    yield "  ".join(parts), Style.PLAIN
    if rest := _beside(facts):
        yield "  ".join(rest), Style.PLAIN


def _beside(facts: Facts) -> list[str]:
    levels, hub = facts.get("levels") or {}, facts.get("hub") or {}
    sockets = [
        f"{name.removeprefix('sockets_')} {int(levels[name])}"
        for name in sorted(levels)
        if "sockets_" in name and levels[name]
    ]
    parts = ["sockets: " + ", ".join(sockets)] if sockets else []
    tasks = [row for row in facts.get("workers", ()) if row.get("kind") == "tasks"]
    if tasks:
        running, waiting = sum(row.get("busy") or 0 for row in tasks), max(row.get("queue") or 0 for row in tasks)
        parts.append(f"tasks: {running} running, {waiting} waiting")
    if levels.get("background"):
        parts.append(f"after responses: {int(levels['background'])}")
    if hub.get("pid") is not None:
        parts.append(f"relay: {hub.get('rate') or 0:.0f} messages/s, {hub.get('peers') or 0} peers")
    return parts


# --- workers ----------------------------------------------------------------------------------------------


def _workers(facts: Facts, view: View, room: int) -> Iterator[Line]:
    yield f"{_HEAD}   (by {view.sort})", Style.HEAD
    rows = list(facts.get("workers", ()))
    if view.sort != "worker":
        rows.sort(key=lambda row: -float(row.get(view.sort) or 0))
    shown = rows if len(rows) <= room else rows[: room - 1]
    for row in shown:
        state = str(row.get("state", "?"))
        frozen = row.get("worker") in facts.get("silent", ())
        yield _worker(row), Style.BAD if frozen else Style(_STATES.get(state, "fair"))
    if len(rows) > len(shown):
        yield f"  ... and {len(rows) - len(shown)} more", Style.PLAIN


def _worker(row: Facts) -> str:
    number = ("t" if row.get("kind") == "tasks" else "") + str(row.get("worker"))
    busy = f"{row.get('busy', 0)}/{row.get('threads', 0)}"
    under_way = row.get("in_flight")
    cpu = "-" if row.get("cpu") is None else f"{row['cpu']:.0%}"
    return (
        f"{number:>6} {row.get('pid') or '-':>7} {row.get('generation', '-'):>3} {row.get('state', '?')!s:<8.8}"
        f"{duration(float(row.get('age') or 0)):>8}{busy:>6}{'-' if under_way is None else under_way:>5}"
        f"{row.get('queue', 0):>6}{row.get('connections', 0):>6}{_number(row.get('rate')):>7}{cpu:>5}"
        f"{size(row.get('rss')):>8}"
    )


# --- below ------------------------------------------------------------------------------------------------


def _pane(facts: Facts, view: View, width: int, room: int) -> Iterator[Line]:
    if view.stack is not None:
        yield "STACK (esc: back)", Style.HEAD
        # The end is where it is, and names of functions are at the end of lines.
        folded = [part for line in view.stack[2:] for part in _folded(line, max(20, width - 1))]
        yield from ((line, Style.PLAIN) for line in view.stack[:2])
        yield from ((line, Style.PLAIN) for line in folded[-max(1, room - 3) :])
        return
    rows = {"requests": _requests, "views": _views, "errors": _errors}[view.pane](facts, view)
    titles = (f"[{pane.upper()}]" if pane == view.pane else f" {pane} " for pane in PANES)
    yield " ".join(titles), Style.HEAD
    # What is chosen stays in sight.
    first = max(0, view.chosen - (room - 2)) if view.pane == "requests" else 0
    yield from rows[first : first + room - 1]


def _folded(line: str, width: int) -> list[str]:
    return [line[start : start + width] for start in range(0, len(line), width)] or [""]


def _requests(facts: Facts, view: View) -> list[Line]:
    found: list[Line] = [
        (
            f"{duration(float(row.get('age') or 0)):>8} {row.get('worker')!s:>3} {row.get('where')!s:<10.10}"
            f" {row.get('view') or '-'!s:<20.20} {row.get('method')} {row.get('url')}",
            Style.CHOSEN if number == view.chosen else Style.PLAIN,
        )
        for number, row in enumerate(facts.get("requests", ()))
    ]
    silent = facts.get("silent", ())
    stands = [(f"worker {one} does not answer: its event loop stands still", Style.BAD) for one in silent]
    return [*found, *stands] or [("no requests under way", Style.PLAIN)]


def _views(facts: Facts, view: View) -> list[Line]:
    if not facts.get("measured"):
        return [("views are counted where the server runs with --metrics", Style.PLAIN)]
    head = f"{'COUNT':>9} {'5XX':>6} {'MEAN':>8} {'P95 <=':>8} {'TOTAL':>8}  VIEW"
    rows = [
        f"{count(row['count']):>9} {count(row['failed']):>6} {_time(row['mean']):>8} {_time(row['p95']):>8}"
        f" {duration(row['seconds']):>8}  {row['view']}"
        for row in facts.get("views", ())
    ]
    return [(head, Style.HEAD), *((row, Style.PLAIN) for row in rows)]


def _errors(facts: Facts, view: View) -> list[Line]:
    return [(failed(row), Style.BAD) for row in facts.get("errors", ())] or [("no errors", Style.PLAIN)]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.1f}s"
