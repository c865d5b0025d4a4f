"""The rows of the fleet table: a worker, the template, and the states of each. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hendrix.supervisor.backoff import Backoff


class State(StrEnum):
    """Where a worker is in its life."""

    STARTING = "starting"
    READY = "ready"
    RETIRING = "retiring"
    DRAINING = "draining"
    KILLED = "killed"


class TemplateState(StrEnum):
    """Where the template is in its life."""

    ABSENT = "absent"
    LOADING = "loading"
    LOADED = "loaded"
    ENDING = "ending"
    KILLED = "killed"


@dataclass(slots=True)
class Worker:
    """One row of the table. Moments are those of ``now``; at ``deadline`` it is killed.

    One that was ``told`` to drain may end without that being a failure. ``closed``: it
    accepts nothing more. ``frozen``: it was silent for too long.
    """

    id: int
    place: int
    generation: int
    born: float
    since: float
    state: State = State.STARTING
    pid: int | None = None
    heard: float = 0.0
    deadline: float | None = None
    said_ready: bool = False
    told: bool = False
    closed: bool = False
    frozen: bool = False
    reason: str = ""

    @property
    def is_for_tasks(self) -> bool:
        """Does it work on tasks, and serve nobody?"""
        return self.place < 0

    def become(self, state: State, now: float) -> None:
        """Enter ``state``."""
        self.state, self.since = state, now

    def facts(self, **more: object) -> dict[str, object]:
        """What every report of this worker says, and ``more``."""
        return {"worker": self.id, "pid": self.pid, **more}


@dataclass(slots=True)
class Template:
    """The process that workers of one generation are forked from. ``hung``: it took too long to load;
    ``unfit``: no worker can be forked from it."""

    generation: int
    preload: bool = True
    hung: bool = False
    unfit: bool = False
    state: TemplateState = TemplateState.ABSENT
    born: float = 0.0
    deadline: float | None = None
    backoff: Backoff = field(default_factory=Backoff)

    def become(self, state: TemplateState, deadline: float | None = None) -> None:
        """Enter ``state``; at ``deadline`` it is killed."""
        self.state, self.deadline = state, deadline
