"""What a server does, as Prometheus reads it (text format 0.0.4). Pure: from facts to text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hendrix.core.measure import ABORTED, BOUNDS, LAG, QUEUE

TYPE = "text/plain; version=0.0.4; charset=utf-8"
Facts = Mapping[str, Any]
#: Labels and a value.
Sample = tuple[Mapping[str, str], float]

_UNSAFE = re.compile(r'[\\"\n]')
_ESCAPED = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
_NO_LABELS: Mapping[str, str] = {}


def exposition(facts: Facts) -> str:
    """``facts`` are those of ``hx status`` with ``measures`` beside them."""
    measures = facts["measures"]
    parts = [*_server(facts), *_workers(facts), *_counted(measures), *_cache(measures)]
    if measures["spreads"] or measures["series"] or measures["levels"]:
        parts += [*_now(measures["levels"]), *_requests(measures["series"]), *_spreads(measures["spreads"])]
    return "".join(parts)


# --- what the supervisor knows ----------------------------------------------------------------------------


def _server(facts: Facts) -> Iterator[str]:
    yield _gauge("hendrix_info", "The version that runs.", [({"version": facts["version"]}, 1)])
    yield _gauge("hendrix_start_time_seconds", "Unix time of the start.", _one(facts["started"]))
    reloads = [({"result": "ok"}, facts["reloads"]), ({"result": "failed"}, facts["failed_reloads"])]
    yield _counter("hendrix_reloads_total", "Reloads, the first load among them.", reloads)
    yield _counter("hendrix_worker_starts_total", "Worker processes started.", _one(facts["workers_started"]))
    yield _counter("hendrix_worker_crashes_total", "Workers that died untold.", _one(facts["crashes"]))
    expiries = [({"name": str(row["name"])}, row["expires"]) for row in facts["renewals"] if row.get("expires")]
    yield _gauge("hendrix_certificate_expiry_timestamp_seconds", "When certificates expire.", expiries)


def _workers(facts: Facts) -> Iterator[str]:
    workers = facts["workers"]
    states = Counter((str(worker["kind"]), str(worker["state"])) for worker in workers)
    # An alarm about too few must have something to compare with.
    states["web", "ready"] += 0
    named = [({"kind": kind, "state": state}, count) for (kind, state), count in sorted(states.items())]
    yield _gauge("hendrix_workers", "Worker processes.", named)
    wanted = [({"kind": "web"}, facts["workers_wanted"]), ({"kind": "tasks"}, facts["task_workers_wanted"])]
    yield _gauge("hendrix_workers_wanted", "Worker processes asked for.", wanted)
    web = [worker for worker in workers if worker["kind"] == "web"]
    for name, key, text in (
        ("hendrix_connections", "connections", "Open connections."),
        ("hendrix_threads", "threads", "Threads for views."),
        ("hendrix_threads_busy", "busy", "Threads that run a view."),
        ("hendrix_queue_length", "queue", "Requests that wait for a thread."),
    ):
        yield _gauge(name, text, _one(sum(worker[key] for worker in web)))
    waiting = [worker["queue"] for worker in workers if worker["kind"] == "tasks"]
    yield _gauge("hendrix_tasks_waiting", "Background tasks that wait.", _one(max(waiting)) if waiting else [])
    yield from _memory(facts)


def _memory(facts: Facts) -> Iterator[str]:
    for name, key, text in (
        ("hendrix_resident_memory_bytes", "rss", "Resident memory; pages that processes share count for each."),
        ("hendrix_proportional_memory_bytes", "pss", "Memory, where a shared page counts once in all."),
    ):
        sums: Counter[tuple[str, str]] = Counter()
        sums["supervisor", ""] = facts[key] or 0
        for template in facts["templates"]:
            sums["template", ""] += template[key] or 0
        for worker in facts["workers"]:
            # The place stays the same when another worker takes it.
            sums[str(worker["kind"]), str(worker["place"])] += worker[key] or 0
        yield _gauge(name, text, [({"kind": kind, "place": place}, size) for (kind, place), size in sums.items()])


def _counted(measures: Facts) -> Iterator[str]:
    counts = measures["counts"]
    started = counts.get("requests", 0)
    yield _counter("hendrix_requests_started_total", "Requests whose head has come, of all kinds.", _one(started))
    yield _counter("hendrix_tasks_done_total", "Background tasks done.", _one(counts.get("tasks", 0)))


def _cache(measures: Facts) -> Iterator[str]:
    counts, levels = measures["counts"], measures["levels"]
    yield _counter("hendrix_cache_lookups_total", "What the HTTP cache was asked for.", _one(counts.get("asked", 0)))
    yield _counter("hendrix_cache_hits_total", "What it had.", _one(counts.get("hits", 0)))
    for what, text in (("entries", "Answers that it keeps."), ("bytes", "Their size.")):
        known = [levels[name] for name in (f"cache_{what}", f"cache_shared_{what}") if name in levels]
        yield _gauge(f"hendrix_cache_{what}", text, _one(sum(known)) if known else [])


# --- what workers count with --metrics --------------------------------------------------------------------


def _now(levels: Facts) -> Iterator[str]:
    yield _gauge("hendrix_requests_in_flight", "Requests under way.", _one(levels.get("in_flight", 0)))
    yield _gauge(
        "hendrix_background_jobs", "What follows answers, and waits or runs.", _one(levels.get("background", 0))
    )
    kinds = [(name.removeprefix("sockets_"), count) for name, count in levels.items() if name.startswith("sockets_")]
    sockets = [({"protocol": kind}, count) for kind, count in sorted(kinds)]
    yield _gauge("hendrix_sockets", "Open connections and WebSockets by what they speak.", sockets)


def _requests(series: Mapping[str, list[float]]) -> Iterator[str]:
    counts: list[Sample] = []
    spreads: dict[str, list[float]] = {}
    for key, spread in sorted(series.items(), key=lambda pair: (pair[0][1:], pair[0])):
        kind, view = key[0], key[1:]
        code = "aborted" if kind == ABORTED else f"{kind}xx"
        counts.append(({"view": view, "code": code}, sum(spread[:-1])))
        known = spreads.get(view, [0.0] * len(spread))
        spreads[view] = [old + new for old, new in zip(known, spread, strict=True)]
    text = "Requests that are over, by view and class of status."
    yield _counter("hendrix_requests_total", text, counts)
    text = "From a request's head to the end of its answer."
    named = [({"view": view}, spread) for view, spread in spreads.items()]
    yield _histogram("hendrix_request_duration_seconds", text, named)


def _spreads(spreads: Mapping[str, list[float]]) -> Iterator[str]:
    for name, key, text in (
        ("hendrix_request_queue_seconds", QUEUE, "What requests waited for a thread."),
        ("hendrix_loop_lag_seconds", LAG, "How late the event loops came, looked at twice a second."),
    ):
        yield _histogram(name, text, [(_NO_LABELS, spreads[key])] if key in spreads else [])


# --- the format -------------------------------------------------------------------------------------------


def _one(value: float) -> list[Sample]:
    return [(_NO_LABELS, value)]


def _gauge(name: str, text: str, samples: Iterable[Sample]) -> str:
    return _family(name, "gauge", text, [_line(name, labels, value) for labels, value in samples])


def _counter(name: str, text: str, samples: Iterable[Sample]) -> str:
    return _family(name, "counter", text, [_line(name, labels, value) for labels, value in samples])


def _histogram(name: str, text: str, spreads: Iterable[tuple[Mapping[str, str], list[float]]]) -> str:
    lines: list[str] = []
    for labels, spread in spreads:
        so_far = 0.0
        for bound, count in zip((*BOUNDS, "+Inf"), spread[:-1], strict=True):
            so_far += count
            lines.append(_line(f"{name}_bucket", {**labels, "le": str(bound)}, so_far))
        lines.append(_line(f"{name}_sum", labels, spread[-1]))
        lines.append(_line(f"{name}_count", labels, so_far))
    return _family(name, "histogram", text, lines)


def _family(name: str, kind: str, text: str, lines: list[str]) -> str:
    """Nothing where there are no samples."""
    return "".join([f"# HELP {name} {text}\n# TYPE {name} {kind}\n", *lines]) if lines else ""


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    shown = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
    return f"{name}{{{shown}}} {_number(value)}\n" if shown else f"{name} {_number(value)}\n"


def _escaped(label: str) -> str:
    return _UNSAFE.sub(lambda found: _ESCAPED[found[0]], label)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 6))
