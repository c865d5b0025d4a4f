"""What is told of a running server: its generations, templates and workers, and what became of them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hendrix import __version__
from hendrix.supervisor.crew import Crew, Member
from hendrix.supervisor.entries import Worker
from hendrix.supervisor.fleet import Fleet, Phase
from hendrix.supervisor.memory import Memories


@dataclass(slots=True)
class Chronicle:
    """What happened so far. Moments are Unix time."""

    started: float = field(default_factory=time.time)
    crashes: int = 0
    last_crash: dict[str, Any] | None = None
    last_reload: dict[str, Any] | None = None
    reloads: int = 0
    failed_reloads: int = 0

    def crashed(self, facts: Mapping[str, Any]) -> None:
        """A worker died that had not been told to leave."""
        self.crashes += 1
        told = {name: facts.get(name) for name in ("worker", "pid", "status")}
        self.last_crash = {**told, "reason": facts.get("reason", ""), "at": time.time()}

    def reloaded(self, *, ok: bool, seconds: float, summary: str) -> None:
        """A reload is over."""
        self.reloads += ok
        self.failed_reloads += not ok
        self.last_reload = {"at": time.time(), "ok": ok, "seconds": seconds, "summary": summary}


def status(fleet: Fleet, crew: Crew, chronicle: Chronicle, now: float) -> dict[str, Any]:
    """The facts, apart from where the server listens and what it serves. ``now`` is monotonic."""
    loading = None if fleet.candidate is None else now - fleet.candidate_since
    return {
        "pid": os.getpid(),
        "version": __version__,
        "started": chronicle.started,
        "phase": "leaving" if fleet.ending and fleet.phase is Phase.RUNNING else str(fleet.phase),
        "workers_wanted": fleet.count,
        "task_workers_wanted": fleet.tasks,
        "generation": fleet.generation,
        "candidate": fleet.candidate,
        "loading_since": loading,
        "templates": [_template(fleet, number, member) for number, member in crew.templates.items()],
        "workers": [_worker(worker, crew.workers.get(worker.id), now) for worker in fleet.workers.values()],
        "crashes": chronicle.crashes,
        "workers_started": fleet.last_worker,
        "reloads": chronicle.reloads,
        "failed_reloads": chronicle.failed_reloads,
        "last_crash": chronicle.last_crash,
        "last_reload": chronicle.last_reload,
        **_memory(os.getpid()),
    }


def ending(fleet: Fleet) -> str:
    """What a server that was told to end does, for those who wait for it."""
    finish = f"{len(fleet.workers)} workers finish what is under way"
    if fleet.phase is not Phase.RUNNING or not fleet.ending:
        return finish
    return f"balancers are told to go elsewhere for {fleet.terms.notice:g} s; then {finish}"


def _template(fleet: Fleet, generation: int, member: Member) -> dict[str, Any]:
    entry = fleet.templates.get(generation)
    state = str(entry.state) if entry else "gone"
    return {"generation": generation, "pid": member.pid, "state": state, **_memory(member.pid)}


def _worker(worker: Worker, member: Member | None, now: float) -> dict[str, Any]:
    vitals = member.vitals if member else None
    counts = ("requests", "connections", "threads", "busy", "queue", "asked", "hits")
    return {
        "worker": worker.id,
        "place": worker.place,
        "kind": "tasks" if worker.is_for_tasks else "web",
        "pid": worker.pid,
        "generation": worker.generation,
        "state": "frozen" if worker.frozen else str(worker.state),
        "age": now - worker.born,
        "heard": now - worker.heard,
        **{name: getattr(vitals, name) if vitals else 0 for name in counts},
        **_memory(worker.pid),
    }


_memories = Memories()


def _memory(pid: int | None) -> dict[str, int | None]:
    found = _memories.of(pid, time.monotonic()) if pid is not None else None
    return {"rss": found.rss if found else None, "pss": found.pss if found else None}
