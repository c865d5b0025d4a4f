"""What the fleet table is told (events) and what it answers (actions). Pure words, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from hendrix.core.record import record


@record(frozen=True)
class Terms:
    """How long (seconds) the table waits for whom; 0: for ever.

    ``graceful`` for requests under way at a drain, ``start`` for a template or worker that loads, ``silence`` for
    a worker that says nothing, ``tasks`` for a task under way at a drain. ``patient``: a project that does not load is
    waited for, not given up (development). ``notice``: how long a graceful stop is told before it begins, not at all
    where it is 0.
    """

    graceful: float
    start: float = 0.0
    silence: float = 0.0
    patient: bool = False
    tasks: float = 0.0
    notice: float = 0.0

    @property
    def longest_stop(self) -> float:
        """Seconds that a graceful stop may take, with some to spare for those who must be killed."""
        return self.notice + max(self.graceful, self.tasks) + 10.0


# --- events: what happened --------------------------------------------------------------------------------


@record(frozen=True)
class Configured:
    """The options are final: this many workers, these terms, and so many task workers."""

    workers: int
    terms: Terms
    tasks: int = 0


@record(frozen=True)
class TemplateLoaded:
    """The template has imported the project and can fork workers. ``seconds`` is what that took."""

    generation: int
    seconds: float = 0.0


@record(frozen=True)
class TemplateFailed:
    """The template says that the project does not load. It is about to end."""

    generation: int
    summary: str
    traceback: str = ""


@record(frozen=True)
class TemplateLost:
    """The template's channel ended or is stuck, though the process may live."""

    generation: int


@record(frozen=True)
class TemplateUnfit:
    """The project started threads while it was imported: no worker can be forked from this template."""

    generation: int


@record(frozen=True)
class TemplateDied:
    """The template's process is gone. ``status`` is in words, ``stacks`` what its threads did when it hung."""

    generation: int
    status: str
    stacks: str = ""


@record(frozen=True)
class WorkerSpawned:
    """The template forked the worker."""

    worker: int
    pid: int


@record(frozen=True)
class WorkerReady:
    """The worker listens and answers."""

    worker: int


@record(frozen=True)
class WorkerFailed:
    """The worker, which imports the project itself, says that it does not load. It is about to end."""

    worker: int
    summary: str
    traceback: str = ""


@record(frozen=True)
class WorkerHeard:
    """The worker's loop turns."""

    worker: int


@record(frozen=True)
class WorkerAsksRetire:
    """The worker wants a successor; it serves until it is told to drain."""

    worker: int
    reason: str


@record(frozen=True)
class WorkerDraining:
    """The worker accepts nothing more."""

    worker: int


@record(frozen=True)
class WorkerLost:
    """The worker's channel ended or is stuck, though the process may live."""

    worker: int


@record(frozen=True)
class WorkerExited:
    """The worker's process is gone.

    ``status`` is in words, ``reason`` why if that is known, ``stacks`` what its threads did when it froze or crashed.
    """

    worker: int
    status: str
    reason: str = ""
    stacks: str = ""


@record(frozen=True)
class ReloadAsked:
    """Someone wants the project's present code to serve."""


@record(frozen=True)
class ReloadRefused:
    """The new options cannot be used: give up the generation that they were for."""

    summary: str


@record(frozen=True)
class Overslept:
    """This process itself stood still, so nobody could be heard meanwhile."""


@record(frozen=True)
class StopAsked:
    """Someone wants the server to end. Asked again, it ends faster: graceful, fast, at once."""

    graceful: bool


@record(frozen=True)
class Resized:
    """From now on there shall be ``workers`` workers."""

    workers: int


@record(frozen=True)
class Tick:
    """Nothing happened but time."""


Event = (
    Configured
    | TemplateLoaded
    | TemplateFailed
    | TemplateLost
    | TemplateUnfit
    | TemplateDied
    | WorkerSpawned
    | WorkerReady
    | WorkerFailed
    | WorkerHeard
    | WorkerAsksRetire
    | WorkerDraining
    | WorkerLost
    | WorkerExited
    | StopAsked
    | ReloadAsked
    | ReloadRefused
    | Overslept
    | Resized
    | Tick
)

# --- actions: what to do ----------------------------------------------------------------------------------


@record(frozen=True)
class StartTemplate:
    """Fork a template process; with ``preload`` it imports the project, else each of its workers does."""

    generation: int
    preload: bool = True


@record(frozen=True)
class EndTemplate:
    """Let the template see the end of its channel, upon which it leaves."""

    generation: int


@record(frozen=True)
class KillTemplate:
    """SIGKILL to the template."""

    generation: int


@record(frozen=True)
class AskTemplateStacks:
    """Have the template write down what its threads do."""

    generation: int


@record(frozen=True)
class SpawnWorker:
    """Have the template of ``generation`` fork this worker, one for tasks or for the web."""

    worker: int
    generation: int
    tasks: bool = False


@record(frozen=True)
class TellLeave:
    """Have the worker say that the server is about to end; it goes on serving."""

    worker: int


@record(frozen=True)
class CloseDoors:
    """Listen no more: who comes from now on is refused."""


@record(frozen=True)
class TellDrain:
    """Tell the worker to finish within ``seconds`` and leave; ``linger`` and ``last`` as in ``control.Drain``."""

    worker: int
    seconds: float
    linger: float = 0.0
    last: bool = False


@record(frozen=True)
class AskStacks:
    """Have the worker write down what its threads do."""

    worker: int


@record(frozen=True)
class Signal:
    """Send the signal to the worker's process."""

    worker: int
    signum: int


@record(frozen=True)
class Abandon:
    """Forget a worker whose process is unknown: close its channel, so that it leaves if it exists at all."""

    worker: int


@record(frozen=True)
class AnnounceReady:
    """All workers that were asked for are ready, for the first time."""


@record(frozen=True)
class BeginReload:
    """A new generation is about to be built: its options are to be read."""

    generation: int


@record(frozen=True)
class Promoted:
    """This generation serves from now on: its options count."""

    generation: int


@record(frozen=True)
class EndReload:
    """What became of the generation that was to be: it serves, or it was given up and the old one serves on."""

    generation: int
    ok: bool
    seconds: float
    summary: str = ""
    traceback: str = ""


@record(frozen=True)
class Exit:
    """Nothing is left; end with this status. A failed start says why."""

    status: int
    summary: str = ""
    traceback: str = ""


@record(frozen=True)
class Report:
    """Emit an event of this name."""

    name: str
    level: int
    facts: Mapping[str, object] = field(default_factory=dict)


Action = (
    StartTemplate
    | EndTemplate
    | KillTemplate
    | AskTemplateStacks
    | SpawnWorker
    | TellLeave
    | CloseDoors
    | TellDrain
    | AskStacks
    | Signal
    | Abandon
    | AnnounceReady
    | BeginReload
    | Promoted
    | EndReload
    | Exit
    | Report
)
