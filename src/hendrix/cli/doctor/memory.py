"""What lives in the memory of one process, where there are several or they end: caches, sessions, tasks."""

from __future__ import annotations

from collections.abc import Iterator

from hendrix.cli.doctor.facts import Settings
from hendrix.cli.doctor.finding import ERROR, INFO, WARNING, Finding
from hendrix.cli.doctor.situation import Situation

_SHARED = '{"BACKEND": "hendrix.cache_backend.SharedCache"}'
_TASKS = '{"default": {"BACKEND": "hendrix.tasks.backend.TaskBackend"}}'


def judge(found: Settings, situation: Situation) -> Iterator[Finding]:
    """All three."""
    yield from _caches(found, situation)
    if situation.production:
        yield from _sessions(found, situation)
        yield from _tasks(found)


def _kind(backend: str) -> str:
    return backend.rpartition(".")[2]


def _caches(found: Settings, situation: Situation) -> Iterator[Finding]:
    if situation.processes < 2:
        return
    for alias, backend in found.caches.items():
        if _kind(backend) == "LocMemCache":
            yield Finding(
                "caches",
                WARNING if "CACHES" in found.said and situation.production else INFO,
                f"the cache {alias} is LocMemCache, and there are {situation.processes} processes",
                "each has its own: counters and rate limits do not agree, and what one deletes the others keep",
                f'{found.module}: CACHES["{alias}"] = {_SHARED}',
            )


def _sessions(found: Settings, situation: Situation) -> Iterator[Finding]:
    if found.session_engine.rpartition(".")[2] != "cache":
        return
    kind = _kind(found.caches.get(found.session_cache, ""))
    if kind not in ("LocMemCache", "DummyCache"):
        return
    lost = kind == "DummyCache" or situation.config.workers > 1
    yield Finding(
        "sessions",
        ERROR if lost else WARNING,
        f"sessions are in the cache {found.session_cache}, which is {kind}",
        "visitors are logged out "
        + ("whenever another worker answers" if lost else "by each reload, and when the worker is replaced"),
        f'{found.module}: SESSION_ENGINE = "django.contrib.sessions.backends.db"',
    )


def _tasks(found: Settings) -> Iterator[Finding]:
    if "TASKS" not in found.said and not found.has_tasks:
        return
    for alias, backend in found.tasks.items():
        if _kind(backend) not in ("ImmediateBackend", "DummyBackend"):
            continue
        never = _kind(backend) == "DummyBackend"
        yield Finding(
            "tasks",
            ERROR if never else WARNING,
            f"the tasks backend {alias} is {_kind(backend)}",
            "tasks are kept and never run"
            if never
            else "tasks run within the request, and the visitor waits for them",
            f"{found.module}: TASKS = {_TASKS}, and hx start --task-workers 2",
        )
