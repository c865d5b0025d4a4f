"""The fleet: which processes there should be, decided purely. (state, event, now) -> actions.

An event only records a fact; afterwards ``_settle`` compares what is with what should be and asks for the
difference. So no order of events can leave a gap: whatever was missed is made good at the next one.

Every worker has a *place*, one of ``count``. A place is filled by one worker of the current generation:

    starting --ready--> ready --asks--> retiring        serves on until the successor in its place is ready
        |                 |                |
        '-----------------+----------------+--told--> draining --exit--> (gone)
                                                         |
        any of them past its deadline --SIGKILL--> killed '--deadline + 1 s--> killed

A worker that ends without being told has died: its place is filled again, by ``Backoff``. Ids are never used
twice, so a late message of a dead worker cannot be taken for its successor's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from enum import StrEnum
from signal import SIGKILL
from typing import Any

from hendrix.core.events import DEBUG, ERROR, INFO, WARNING
from hendrix.supervisor import moves
from hendrix.supervisor.backoff import Backoff
from hendrix.supervisor.entries import State, Template, TemplateState, Worker
from hendrix.supervisor.moves import Action, Event, Exit

KILL_AFTER = 1.0
"""Seconds past a deadline before SIGKILL."""
GIVE_UP_AFTER = 5.0
"""Seconds after SIGKILL before a process that does not die (it hangs in the kernel) is left alone."""
HOPELESS_AFTER = 5
"""Deaths in a row in one place, before any worker was ever ready, that end a first start."""
PROJECT_FAILED = 3


class Phase(StrEnum):
    """What the server is about."""

    RUNNING = "running"
    GRACEFUL = "graceful stop"
    FAST = "fast stop"
    OVER = "over"


class Fleet:
    """The table. Feed it events by ``handle``, and a ``Tick`` at ``deadline()``."""

    def __init__(self, count: int, graceful_timeout: float) -> None:
        self.count = count
        self.generation = 1
        self.workers: dict[int, Worker] = {}
        self.phase = Phase.RUNNING
        self.template = Template()
        self._graceful_timeout = graceful_timeout
        self._backoffs: defaultdict[int, Backoff] = defaultdict(Backoff)
        self._last_id = 0
        self._loaded_once = self._ready_once = self._announced = False
        self._exit = Exit(0)
        self._actions: list[Action] = []
        self._handlers: dict[type[Event], Callable[[Any, float], None]] = {
            moves.Configured: self._configured,
            moves.TemplateLoaded: self._template_loaded,
            moves.TemplateFailed: self._template_failed,
            moves.TemplateLost: self._template_lost,
            moves.TemplateDied: self._template_died,
            moves.WorkerSpawned: self._worker_spawned,
            moves.WorkerReady: self._worker_ready,
            moves.WorkerAsksRetire: self._worker_asks_retire,
            moves.WorkerLost: self._worker_lost,
            moves.WorkerExited: self._worker_exited,
            moves.StopAsked: self._stop_asked,
            moves.Resized: self._resized,
            moves.Tick: lambda event, now: None,
        }

    # --- the two questions --------------------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> list[Action]:
        """Take an event; return what is to be done, in order."""
        self._handlers[type(event)](event, now)
        self._settle(now)
        actions, self._actions = self._actions, []
        return actions

    def deadline(self) -> float | None:
        """The next moment at which a ``Tick`` matters, or ``None``."""
        return min(self._moments(), default=None)

    def _moments(self) -> Iterator[float]:
        yield from (worker.deadline for worker in self.workers.values() if worker.deadline is not None)
        if self.template.deadline is not None:
            yield self.template.deadline
        if self.phase is Phase.RUNNING:
            yield from self._starts()

    def _starts(self) -> Iterator[float]:
        if self.template.state is TemplateState.ABSENT:
            yield self.template.backoff.not_before
        if self.template.state is TemplateState.LOADED:
            yield from (self._backoffs[place].not_before for place in self._vacant())

    # --- events: record the fact --------------------------------------------------------------------------

    def _configured(self, event: moves.Configured, now: float) -> None:
        self.count, self._graceful_timeout = event.workers, event.graceful_timeout

    def _template_loaded(self, event: moves.TemplateLoaded, now: float) -> None:
        if self.template.state is TemplateState.LOADING:
            self.template.become(TemplateState.LOADED)
            self._loaded_once = True
            self._report("template.loaded", self._routine(), seconds=event.seconds)

    def _template_failed(self, event: moves.TemplateFailed, now: float) -> None:
        self._template_lost(moves.TemplateLost(), now)
        if self._loaded_once:
            self._report("template.failed", ERROR, summary=event.summary, traceback=event.traceback)
        else:
            self._fail(Exit(PROJECT_FAILED, event.summary, event.traceback), now)

    def _template_lost(self, event: moves.TemplateLost, now: float) -> None:
        if self.template.state in (TemplateState.LOADING, TemplateState.LOADED):
            self.template.become(TemplateState.ENDING, now + KILL_AFTER)

    def _template_died(self, event: moves.TemplateDied, now: float) -> None:
        self.template.become(TemplateState.ABSENT)
        delay = self.template.backoff.fail(self.template.born, now)
        self._drop_unborn()
        if self.phase is not Phase.RUNNING:
            return
        if self._loaded_once:
            self._report("template.died", ERROR, status=event.status, again_in=delay)
        else:
            self._fail(Exit(PROJECT_FAILED, f"the process that loads the project ended: {event.status}"), now)

    def _worker_spawned(self, event: moves.WorkerSpawned, now: float) -> None:
        if worker := self.workers.get(event.worker):
            worker.pid = event.pid
            self._report("worker.spawned", DEBUG, **worker.facts(generation=worker.generation))
            self._count_in(worker, now)

    def _worker_ready(self, event: moves.WorkerReady, now: float) -> None:
        if worker := self.workers.get(event.worker):
            worker.said_ready = True
            self._count_in(worker, now)

    def _count_in(self, worker: Worker, now: float) -> None:
        # The worker's word may overtake the template's. One whose process is unknown could not be killed.
        if worker.state is State.STARTING and worker.said_ready and worker.pid is not None:
            worker.become(State.READY, now)
            self._ready_once = True
            self._report("worker.ready", self._routine(), **worker.facts(seconds=now - worker.born))

    def _worker_asks_retire(self, event: moves.WorkerAsksRetire, now: float) -> None:
        worker = self.workers.get(event.worker)
        if worker and worker.state is State.READY:
            worker.become(State.RETIRING, now)
            worker.reason = event.reason
            self._report("worker.retiring", INFO, **worker.facts(reason=event.reason))

    def _worker_lost(self, event: moves.WorkerLost, now: float) -> None:
        # Most often its exit status is a moment away. One that lives on cannot be told anything: it must go.
        worker = self.workers.get(event.worker)
        if worker and worker.deadline is None:
            worker.deadline = now + KILL_AFTER

    def _worker_exited(self, event: moves.WorkerExited, now: float) -> None:
        if worker := self.workers.pop(event.worker, None):
            self._gone(worker, event.status, now)

    def _stop_asked(self, event: moves.StopAsked, now: float) -> None:
        if self.phase is Phase.RUNNING and event.graceful:
            self._stop(Phase.GRACEFUL, now)
        elif self.phase in (Phase.RUNNING, Phase.GRACEFUL):
            self._stop(Phase.FAST, now)
        else:
            self._kill_all(now)

    def _resized(self, event: moves.Resized, now: float) -> None:
        if self.phase is Phase.RUNNING and event.workers != self.count:
            self.count = event.workers
            self._report("server.resized", INFO, workers=event.workers)

    # --- settling: ask for the difference -----------------------------------------------------------------

    def _settle(self, now: float) -> None:
        self._enforce(now)
        if self.phase is Phase.RUNNING:
            self._start_template(now)
            self._shrink(now)
            self._hand_over(now)
            self._fill(now)
            self._announce()
        elif self.phase is not Phase.OVER and not self.workers and self.template.state is TemplateState.ABSENT:
            self.phase = Phase.OVER
            self._actions.append(self._exit)

    def _enforce(self, now: float) -> None:
        for worker in list(self.workers.values()):
            if worker.deadline is not None and worker.deadline <= now:
                self._kill(worker, now)
        if self.template.deadline is not None and self.template.deadline <= now:
            self._kill_template(now)

    def _start_template(self, now: float) -> None:
        if self.template.state is TemplateState.ABSENT and self.template.backoff.due(now):
            self.template.become(TemplateState.LOADING)
            self.template.born = now
            self._actions.append(moves.StartTemplate())

    def _shrink(self, now: float) -> None:
        for worker in self.workers.values():
            if worker.place >= self.count and not worker.told:
                self._drain(worker, self._graceful_timeout, now)

    def _hand_over(self, now: float) -> None:
        for worker in list(self.workers.values()):
            successor = self._successor(worker)
            if successor and not worker.told:
                self._drain(worker, self._graceful_timeout, now)
                facts = worker.facts(by=successor.id, by_pid=successor.pid, reason=worker.reason)
                self._report("worker.replaced", INFO, **facts)

    def _fill(self, now: float) -> None:
        if self.template.state is not TemplateState.LOADED:
            return
        for place in self._vacant():
            if self._backoffs[place].due(now):
                self._spawn(place, now)

    def _announce(self) -> None:
        ready = {worker.place for worker in self.workers.values() if self._serves(worker)}
        if not self._announced and ready.issuperset(range(self.count)):
            self._announced = True
            self._actions.append(moves.AnnounceReady())

    # --- what is ------------------------------------------------------------------------------------------

    def _vacant(self) -> list[int]:
        taken = {worker.place for worker in self.workers.values() if self._occupies(worker)}
        return [place for place in range(self.count) if place not in taken]

    def _occupies(self, worker: Worker) -> bool:
        # One that was killed without being told is as good as dead, but its death must be counted first.
        stays = worker.state in (State.STARTING, State.READY, State.KILLED) and not worker.told
        return stays and worker.generation == self.generation

    def _serves(self, worker: Worker) -> bool:
        return worker.state is State.READY and worker.generation == self.generation

    def _successor(self, worker: Worker) -> Worker | None:
        """The worker that makes this one superfluous, if it is meant to be replaced."""
        if worker.state is not State.RETIRING and worker.generation == self.generation:
            return None
        rivals = (other for other in self.workers.values() if other.place == worker.place)
        return next((other for other in rivals if self._serves(other)), None)

    # --- what to do ---------------------------------------------------------------------------------------

    def _spawn(self, place: int, now: float) -> None:
        self._last_id += 1
        self.workers[self._last_id] = Worker(self._last_id, place, self.generation, born=now, since=now)
        self._actions.append(moves.SpawnWorker(self._last_id))

    def _drain(self, worker: Worker, seconds: float, now: float) -> None:
        if worker.state is State.KILLED:
            worker.told = True
            return
        deadline = now + seconds + KILL_AFTER
        worker.deadline = deadline if worker.deadline is None else min(worker.deadline, deadline)
        worker.told = True
        worker.become(State.DRAINING, now)
        self._actions.append(moves.TellDrain(worker.id, seconds))

    def _kill(self, worker: Worker, now: float) -> None:
        if worker.state is State.KILLED:
            del self.workers[worker.id]
            self._gone(worker, "survives SIGKILL, left alone", now)
        elif worker.pid is None:
            self._abandon(worker)
            self._gone(worker, "never came to life", now)
        else:
            self._report("worker.killed", WARNING, **worker.facts(state=str(worker.state), seconds=now - worker.since))
            worker.become(State.KILLED, now)
            worker.deadline = now + GIVE_UP_AFTER
            self._actions.append(moves.Signal(worker.id, SIGKILL))

    def _kill_template(self, now: float) -> None:
        if self.template.state is TemplateState.KILLED:
            self._template_died(moves.TemplateDied("survives SIGKILL, left alone"), now)
        else:
            self.template.become(TemplateState.KILLED, now + GIVE_UP_AFTER)
            self._actions.append(moves.KillTemplate())

    def _gone(self, worker: Worker, status: str, now: float) -> None:
        if worker.told:
            self._report("worker.exited", DEBUG, **worker.facts(status=status))
            return
        delay = self._backoffs[worker.place].fail(worker.born, now)
        facts = worker.facts(status=status, lived=now - worker.born, again_in=delay)
        self._report("worker.died", ERROR, **facts)
        if not self._ready_once and self._backoffs[worker.place].failures >= HOPELESS_AFTER:
            self._fail(Exit(PROJECT_FAILED, f"no worker comes up, the last one: {status}"), now)

    def _abandon(self, worker: Worker) -> None:
        del self.workers[worker.id]
        self._actions.append(moves.Abandon(worker.id))

    def _drop_unborn(self) -> None:
        """The template died before it said which process these are, or that there are any."""
        for worker in [worker for worker in self.workers.values() if worker.pid is None]:
            self._abandon(worker)

    def _fail(self, how: Exit, now: float) -> None:
        if self.phase is Phase.RUNNING:
            self._exit = how
            self._stop(Phase.FAST, now)

    def _stop(self, phase: Phase, now: float) -> None:
        self.phase = phase
        graceful = phase is Phase.GRACEFUL
        self._report("server.stopping", self._routine(), graceful=graceful, workers=len(self.workers))
        for worker in self.workers.values():
            if not (graceful and worker.told):
                self._drain(worker, self._graceful_timeout if graceful else 0.0, now)
        self._end_template(now)

    def _end_template(self, now: float) -> None:
        if self.template.state is TemplateState.LOADING:
            self._kill_template(now)  # an import hears nothing, and has nothing to finish
        elif self.template.state is TemplateState.LOADED:
            self.template.become(TemplateState.ENDING, now + KILL_AFTER)
            self._actions.append(moves.EndTemplate())

    def _kill_all(self, now: float) -> None:
        for worker in self.workers.values():
            if worker.state is not State.KILLED:
                worker.deadline = now
        if self.template.state is TemplateState.ENDING:
            self.template.deadline = now

    def _routine(self) -> int:
        """The level of what is expected at the start, where one line is enough, and news later."""
        return INFO if self._announced else DEBUG

    def _report(self, name: str, level: int, **facts: object) -> None:
        self._actions.append(moves.Report(name, level, facts))
