"""What ``hx top`` shows, as facts: of two looks at a server, one after the other, what it does in between. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hendrix.core.measure import BOUNDS

Facts = Mapping[str, Any]
_MOST_VIEWS = 100


@dataclass(frozen=True, slots=True)
class Look:
    """One look. ``at`` is monotonic; ``facts`` are those of ``hx status`` with ``measures``, ``seen`` what workers
    say, ``cpu`` the seconds that each process has computed, by pid."""

    at: float
    facts: Facts
    seen: Facts
    cpu: Mapping[int, float] = field(default_factory=dict)


def glance(before: Look | None, now: Look) -> dict[str, Any]:
    """The facts, rates among them; without a look before, or after a long time, these are None."""
    span = now.at - before.at if before is not None and before.facts.get("pid") == now.facts.get("pid") else 0.0
    earlier = before if before is not None and span > 0 else None
    measures = now.facts.get("measures") or {}
    facts = {name: fact for name, fact in now.facts.items() if name != "measures"}
    workers = [_worker(worker, earlier, now, span) for worker in now.facts.get("workers", ())]
    return {
        **facts,
        "workers": workers,
        "rate": _rate(earlier, now, span),
        "requests": rows(now.seen),
        "errors": errors(now.seen),
        "silent": list(now.seen.get("silent", ())),
        "in_flight": sum(int(worker.get("in_flight") or 0) for worker in now.seen.get("workers", ())),
        "levels": dict(measures.get("levels") or {}),
        "measured": bool(measures.get("levels")),
        "views": _views(measures.get("series") or {})[:_MOST_VIEWS],
        "latency": _latency(earlier, now),
    }


# --- requests -------------------------------------------------------------------------------------------


def rows(seen: Facts) -> list[dict[str, Any]]:
    """The requests of all workers, the oldest first; each with its ``worker``."""
    found = []
    for worker in seen.get("workers", ()):
        one = worker.get("request")
        several = [one] if one else worker.get("requests", ())
        found += [{"worker": worker.get("worker"), **row} for row in several]
    return sorted(found, key=lambda row: -float(row.get("age") or 0))


def errors(seen: Facts) -> list[dict[str, Any]]:
    """Those of all workers, the newest first."""
    found = [
        {"worker": worker.get("worker"), **row}
        for worker in seen.get("workers", ())
        for row in worker.get("errors", ())
    ]
    return sorted(found, key=lambda row: -float(row.get("at") or 0))


# --- workers ----------------------------------------------------------------------------------------------


def _worker(worker: Facts, before: Look | None, now: Look, span: float) -> dict[str, Any]:
    pid = int(worker.get("pid") or 0)
    told = {said.get("worker"): said for said in now.seen.get("workers", ())}
    rate = cpu = None
    if before is not None:
        rows = (row for row in before.facts.get("workers", ()) if row.get("pid") == pid)
        old = next(rows, None)
        if old is not None:
            rate = max(0.0, (worker.get("requests", 0) - old.get("requests", 0)) / span)
        if pid in now.cpu and pid in before.cpu:
            cpu = max(0.0, (now.cpu[pid] - before.cpu[pid]) / span)
    said = told.get(worker.get("worker"))
    return {**worker, "rate": rate, "cpu": cpu, "in_flight": None if said is None else said.get("in_flight", 0)}


def _rate(before: Look | None, now: Look, span: float) -> float | None:
    """Requests a second, of workers that have gone since, too."""
    return None if before is None else max(0.0, (_count(now) - _count(before)) / span)


def _count(look: Look) -> float:
    return float(((look.facts.get("measures") or {}).get("counts") or {}).get("requests", 0))


# --- views ------------------------------------------------------------------------------------------------


def _views(series: Mapping[str, list[float]]) -> list[dict[str, Any]]:
    """Since the start, those first that took most of the time."""
    sums: dict[str, list[float]] = {}
    failed: dict[str, float] = {}
    for key, spread in series.items():
        view = key[1:]
        sums[view] = [old + new for old, new in zip(sums.get(view) or [0.0] * len(spread), spread, strict=True)]
        failed[view] = failed.get(view, 0.0) + (sum(spread[:-1]) if key[:1] == "5" else 0.0)
    rows = [_view(view, spread, failed[view]) for view, spread in sums.items()]
    return sorted(rows, key=lambda row: -float(row["seconds"]))


def _view(view: str, spread: list[float], failed: float) -> dict[str, Any]:
    count = sum(spread[:-1])
    mean = spread[-1] / count if count else 0.0
    facts = {"view": view, "count": int(count), "failed": int(failed), "seconds": spread[-1], "mean": mean}
    return {**facts, "p95": quantile(spread, 0.95)}


def quantile(spread: list[float], part: float) -> float | None:
    """The upper bound of the bucket that it is in, in seconds; None without any, or beyond the last bound."""
    counts = spread[:-1]
    wanted, seen = part * sum(counts), 0.0
    for bound, count in zip(BOUNDS, counts, strict=False):
        seen += count
        if count and seen >= wanted:
            return bound
    return None


def _latency(before: Look | None, now: Look) -> dict[str, float | None]:
    """Of what was answered in between."""
    spread: list[float] = []
    for sign, look in ((-1, before), (1, now)):
        for more in ((look.facts.get("measures") or {}).get("series") or {}).values() if look else ():
            spread = [old + sign * new for old, new in zip(spread or [0.0] * len(more), more, strict=True)]
    if before is None or not spread:
        return {"p50": None, "p95": None}
    return {"p50": quantile(spread, 0.5), "p95": quantile(spread, 0.95)}
