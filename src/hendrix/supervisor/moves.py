"""What the fleet table is told (events) and what it answers (actions). Pure words, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# --- events: what happened --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Configured:
    """The options are final: this many workers, and this many seconds for a drain."""

    workers: int
    graceful_timeout: float


@dataclass(frozen=True, slots=True)
class TemplateLoaded:
    """The template has imported the project and can fork workers. ``seconds`` is what that took."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TemplateFailed:
    """The template says that the project does not load. It is about to end."""

    summary: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class TemplateLost:
    """The template's channel ended or is stuck, though the process may live."""


@dataclass(frozen=True, slots=True)
class TemplateDied:
    """The template's process is gone. ``status`` is in words."""

    status: str


@dataclass(frozen=True, slots=True)
class WorkerSpawned:
    """The template forked the worker."""

    worker: int
    pid: int


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """The worker listens and answers."""

    worker: int


@dataclass(frozen=True, slots=True)
class WorkerAsksRetire:
    """The worker wants a successor; it serves until it is told to drain."""

    worker: int
    reason: str


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """The worker's channel ended or is stuck, though the process may live."""

    worker: int


@dataclass(frozen=True, slots=True)
class WorkerExited:
    """The worker's process is gone. ``status`` is in words."""

    worker: int
    status: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Someone wants the server to end. Asked again, it ends faster: graceful, fast, at once."""

    graceful: bool


@dataclass(frozen=True, slots=True)
class Resized:
    """From now on there shall be ``workers`` workers."""

    workers: int


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened but time."""


Event = (
    Configured
    | TemplateLoaded
    | TemplateFailed
    | TemplateLost
    | TemplateDied
    | WorkerSpawned
    | WorkerReady
    | WorkerAsksRetire
    | WorkerLost
    | WorkerExited
    | StopAsked
    | Resized
    | Tick
)

# --- actions: what to do ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartTemplate:
    """Fork a template process."""


@dataclass(frozen=True, slots=True)
class EndTemplate:
    """Let the template see the end of its channel, upon which it leaves."""


@dataclass(frozen=True, slots=True)
class KillTemplate:
    """SIGKILL to the template."""


@dataclass(frozen=True, slots=True)
class SpawnWorker:
    """Have the template fork this worker."""

    worker: int


@dataclass(frozen=True, slots=True)
class TellDrain:
    """Tell the worker to finish within ``seconds`` and leave."""

    worker: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Signal:
    """Send the signal to the worker's process."""

    worker: int
    signum: int


@dataclass(frozen=True, slots=True)
class Abandon:
    """Forget a worker whose process is unknown: close its channel, so that it leaves if it exists at all."""

    worker: int


@dataclass(frozen=True, slots=True)
class AnnounceReady:
    """All workers that were asked for are ready, for the first time."""


@dataclass(frozen=True, slots=True)
class Exit:
    """Nothing is left; end with this status. A failed start says why."""

    status: int
    summary: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Emit an event of this name."""

    name: str
    level: int
    facts: Mapping[str, object] = field(default_factory=dict)


Action = (
    StartTemplate
    | EndTemplate
    | KillTemplate
    | SpawnWorker
    | TellDrain
    | Signal
    | Abandon
    | AnnounceReady
    | Exit
    | Report
)
