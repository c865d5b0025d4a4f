"""The fleet: which processes there should be, decided purely. (state, event, now) -> actions.

An event only records a fact; afterwards ``_settle`` compares what is with what should be and asks for the
difference. So no order of events can leave a gap: whatever was missed is made good at the next one.

A *generation* is one import of the project's code: a template, and the workers that were forked from it. One
``generation`` serves; while a reload is under way there is a ``candidate`` beside it. When each place has a ready
worker of the candidate, it becomes the generation and the workers before it drain. If anything of it fails before,
it is given up and nothing has happened. The first start is a reload too, with nothing to return to.

    starting --ready--> ready --asks--> retiring        serves on until the successor in its place is ready
        |                 |                |
        '-----------------+----------------+--told--> draining --exit--> (gone)
                                                         |
        any of them past its deadline --SIGKILL--> killed '--deadline + 1 s--> killed

A worker that ends without being told has died: its place is filled again, by ``Backoff``. One that takes too long to
start, or says nothing for too long, is asked for the stacks of its threads and killed. Ids are never used twice, so a
late message of a dead worker cannot be taken for its successor's.
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
from hendrix.supervisor.moves import Action, Event, Exit, Terms
from hendrix.supervisor.roster import Roster

KILL_AFTER = 1.0
"""Seconds past a deadline before SIGKILL."""
GIVE_UP_AFTER = 5.0
"""Seconds after SIGKILL before a process that does not die (it hangs in the kernel) is left alone."""
STACKS_AFTER = 0.5
"""Seconds that a frozen process has to write down its stacks."""
LINGER = 2.0
"""Seconds that idle connections of a replaced worker are kept, so that their peers can be told."""
CLOSE_AFTER = 1.0
"""Seconds that the end of a reload waits for old workers to say that they accept nothing more."""
HOPELESS_AFTER = 5
"""Deaths in a row in one place, before any worker was ever ready, that end a first start."""
PROJECT_FAILED = 3
_LEFT_ALONE = "it was sent SIGTERM, though not by the server; hx reload replaces workers without a gap"


class Phase(StrEnum):
    """What the server is about."""

    RUNNING = "running"
    GRACEFUL = "graceful stop"
    FAST = "fast stop"
    OVER = "over"


class Fleet:
    """The table. Feed it events by ``handle``, and a ``Tick`` at ``deadline()``."""

    def __init__(self, count: int, terms: Terms, *, tasks: int = 0, preload: bool = True) -> None:
        self.count = count
        self.tasks = tasks
        self.terms = terms
        self.generation = 0
        self.candidate: int | None = None
        self.candidate_since = 0.0
        self.last_generation = 0
        self.last_worker = 0
        self.workers = Roster()
        self.templates: dict[int, Template] = {}
        self.phase = Phase.RUNNING
        self.leaves_at: float | None = None  # a graceful stop is announced, and begins then
        self._preload = preload
        self._backoffs: defaultdict[tuple[int, int], Backoff] = defaultdict(Backoff)
        self.announced = self._ready_once = False
        self._exit = Exit(0)
        self._end_reload: moves.EndReload | None = None
        self._reload_is_news = False  # the first start is not
        self._end_reload_by = 0.0
        self._actions: list[Action] = []
        self._handlers: dict[type[Event], Callable[[Any, float], None]] = {
            moves.Configured: self._configured,
            moves.TemplateLoaded: self._template_loaded,
            moves.TemplateFailed: self._template_failed,
            moves.TemplateLost: lambda event, now: self._template_ends(event.generation, now),
            moves.TemplateUnfit: self._template_unfit,
            moves.TemplateDied: self._template_died,
            moves.WorkerSpawned: self._worker_spawned,
            moves.WorkerReady: self._worker_ready,
            moves.WorkerFailed: self._worker_failed,
            moves.WorkerHeard: self._worker_heard,
            moves.WorkerAsksRetire: self._worker_asks_retire,
            moves.WorkerDraining: self._worker_draining,
            moves.WorkerLost: self._worker_lost,
            moves.WorkerExited: self._worker_exited,
            moves.StopAsked: self._stop_asked,
            moves.ReloadAsked: lambda event, now: self._begin(now),
            moves.ReloadRefused: lambda event, now: self._candidate_failed(event.summary, "", now),
            moves.Overslept: self._overslept,
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

    @property
    def places(self) -> tuple[int, ...]:
        """Those that are to be filled: of the web first."""
        return (*range(self.count), *range(-1, -1 - self.tasks, -1))

    @property
    def ending(self) -> bool:
        """Whether a stop was asked for: nothing new begins."""
        return self.phase is not Phase.RUNNING or self.leaves_at is not None

    def _grace(self, worker: Worker) -> float:
        return self.terms.tasks if worker.is_for_tasks else self.terms.graceful

    def _moments(self) -> Iterator[float]:
        yield from (alarm for worker in self.workers.values() if (alarm := self._alarm(worker)) is not None)
        yield from (one.deadline for one in self.templates.values() if one.deadline is not None)
        if self._end_reload is not None:
            yield self._end_reload_by
        if self.phase is Phase.RUNNING:
            yield from self._starts()
            if self.leaves_at is not None:
                yield self.leaves_at

    def _starts(self) -> Iterator[float]:
        for template in self.templates.values():
            if template.state is TemplateState.ABSENT:
                yield template.backoff.not_before
            if template.state is TemplateState.LOADED and self._wanted(template.generation):
                vacant = self.workers.vacant(template.generation, self.places)
                yield from (self._backoffs[template.generation, place].not_before for place in vacant)

    def _alarm(self, worker: Worker) -> float | None:
        """When this worker is to be dealt with."""
        if worker.deadline is not None or worker.frozen:
            return worker.deadline
        if worker.state is State.STARTING:
            return worker.since + self.terms.start if self.terms.start else None
        return worker.heard + self.terms.silence if self.terms.silence else None

    # --- events: record the fact --------------------------------------------------------------------------

    def _configured(self, event: moves.Configured, now: float) -> None:
        self.count, self.terms, self.tasks = event.workers, event.terms, event.tasks

    def _template_loaded(self, event: moves.TemplateLoaded, now: float) -> None:
        template = self.templates.get(event.generation)
        if template and template.state is TemplateState.LOADING:
            template.become(TemplateState.LOADED)
            template.hung = False
            facts = {"generation": template.generation, "seconds": event.seconds}
            self._report("template.loaded", self._routine(), **facts)

    def _template_failed(self, event: moves.TemplateFailed, now: float) -> None:
        self._template_ends(event.generation, now)
        if event.generation == self.candidate:
            self._candidate_failed(event.summary, event.traceback, now)
        elif event.generation == self.generation:
            self._report("template.failed", ERROR, summary=event.summary, traceback=event.traceback)

    def _template_ends(self, generation: int, now: float) -> None:
        template = self.templates.get(generation)
        if template and template.state in (TemplateState.LOADING, TemplateState.LOADED):
            template.become(TemplateState.ENDING, now + KILL_AFTER)

    def _template_unfit(self, event: moves.TemplateUnfit, now: float) -> None:
        """It is started anew, without the project in it."""
        if template := self.templates.get(event.generation):
            template.preload = self._preload = False
            template.unfit = True
            self._template_ends(event.generation, now)

    def _template_died(self, event: moves.TemplateDied, now: float) -> None:
        template = self.templates.get(event.generation)
        if template is None or template.state is TemplateState.ABSENT:
            return  # it survived SIGKILL for so long that it was left alone
        unfit, template.unfit = template.unfit, False
        template.become(TemplateState.ABSENT)
        self._drop_unborn(event.generation)
        if self.phase is not Phase.RUNNING or not self._wanted(event.generation):
            del self.templates[event.generation]
            return
        if unfit:
            return  # it is started anew at once
        delay = template.backoff.fail(template.born, now)
        status = f"hung for {self.terms.start:g} s, killed" if template.hung else event.status
        if event.generation == self.candidate:
            summary = f"the project does not load: its process {_in_words(status)}"
            self._candidate_failed(summary, event.stacks, now)
        else:
            facts = {"status": status, "again_in": delay, "stacks": event.stacks}
            self._report("template.died", ERROR, **facts)

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
            worker.heard = now
            if worker.frozen:  # at the last moment
                worker.frozen, worker.deadline = False, None
            self._ready_once = True
            self._tell_leave(worker)
            self._report("worker.ready", self._routine(), **worker.facts(seconds=now - worker.born))

    def _worker_failed(self, event: moves.WorkerFailed, now: float) -> None:
        worker = self.workers.get(event.worker)
        if worker and worker.generation == self.candidate:
            self._candidate_failed(event.summary, event.traceback, now)
        elif worker and not worker.told:
            facts = worker.facts(summary=event.summary, traceback=event.traceback)
            self._report("worker.cannot_load", ERROR, **facts)

    def _worker_heard(self, event: moves.WorkerHeard, now: float) -> None:
        if worker := self.workers.get(event.worker):
            worker.heard = now

    def _worker_asks_retire(self, event: moves.WorkerAsksRetire, now: float) -> None:
        worker = self.workers.get(event.worker)
        if worker and worker.state is State.READY:
            worker.become(State.RETIRING, now)
            worker.reason = event.reason
            self._report("worker.retiring", INFO, **worker.facts(reason=event.reason))

    def _worker_draining(self, event: moves.WorkerDraining, now: float) -> None:
        worker = self.workers.get(event.worker)
        if worker is None:
            return
        worker.closed = True
        if not worker.told and worker.generation == self.generation and worker.state is not State.KILLED:
            # Somebody else has told it: who comes is not to wait until it has finished.
            delay = self._backoffs[worker.generation, worker.place].fail(worker.born, now)
            self._report("worker.leaves", WARNING, **worker.facts(again_in=delay), advice=_LEFT_ALONE)
            self._drain(worker, self._grace(worker), now)

    def _worker_lost(self, event: moves.WorkerLost, now: float) -> None:
        # Most often its exit status is a moment away. One that lives on cannot be told anything: it must go.
        worker = self.workers.get(event.worker)
        if worker and worker.deadline is None:
            worker.deadline = now + KILL_AFTER

    def _worker_exited(self, event: moves.WorkerExited, now: float) -> None:
        if worker := self.workers.pop(event.worker, None):
            self._gone(worker, event, now)

    def _stop_asked(self, event: moves.StopAsked, now: float) -> None:
        if event.graceful and self.terms.notice and self.generation and not self.ending:
            self._give_notice(now)
        elif self.phase is Phase.RUNNING and event.graceful:
            self._stop(Phase.GRACEFUL, now)
        elif self.phase in (Phase.RUNNING, Phase.GRACEFUL):
            self._stop(Phase.FAST, now)
        else:
            self._kill_all(now)

    def _overslept(self, event: moves.Overslept, now: float) -> None:
        """Nor could anybody load while the whole server was stopped."""
        for worker in self.workers.values():
            worker.heard = now
            if worker.state is State.STARTING:
                worker.since = now
        for template in self.templates.values():
            if template.state is TemplateState.LOADING and template.deadline and not template.hung:
                template.deadline = now + self.terms.start

    def _resized(self, event: moves.Resized, now: float) -> None:
        if self.phase is Phase.RUNNING and event.workers != self.count:
            self.count = event.workers
            self._report("server.resized", INFO, workers=event.workers)

    # --- settling: ask for the difference -----------------------------------------------------------------

    def _settle(self, now: float) -> None:
        self._enforce(now)
        if self.phase is Phase.RUNNING and self.leaves_at is not None and now >= self.leaves_at:
            self._stop(Phase.GRACEFUL, now)
        if self.phase is Phase.RUNNING:
            self._start_templates(now)
            self._shrink(now)
            self._promote(now)
            self._hand_over(now)
            self._fill(now)
            self._finish_reload(now)
        elif self.phase is not Phase.OVER and not self.workers and not self.templates:
            self.phase = Phase.OVER
            self._actions.append(self._exit)

    def _enforce(self, now: float) -> None:
        for worker in list(self.workers.values()):
            alarm = self._alarm(worker)
            if alarm is not None and alarm <= now:
                self._kill(worker, now) if worker.deadline is not None else self._freeze(worker, now)
        for template in list(self.templates.values()):
            if template.deadline is not None and template.deadline <= now:
                self._template_late(template, now)

    def _start_templates(self, now: float) -> None:
        for template in self.templates.values():
            if template.state is TemplateState.ABSENT and template.backoff.due(now):
                template.become(TemplateState.LOADING, now + self.terms.start if self.terms.start else None)
                template.born, template.hung = now, False
                self._actions.append(moves.StartTemplate(template.generation, template.preload))

    def _shrink(self, now: float) -> None:
        for worker in self.workers.values():
            if worker.place not in self.places and not worker.told:
                self._drain(worker, self._grace(worker), now)

    def _promote(self, now: float) -> None:
        """The candidate becomes the generation once it is at full strength."""
        if self.candidate is None or not self.workers.serving(self.candidate, self.places):
            return
        before, self.generation, self.candidate = self.generation, self.candidate, None
        self._end_template(before, now)
        for place in [place for place in self._backoffs if place[0] < self.generation]:
            del self._backoffs[place]
        self._actions.append(moves.Promoted(self.generation))
        self._reload_is_news = self.announced
        if not self.announced:
            self.announced = True
            self._actions.append(moves.AnnounceReady())
        self._end_reload = moves.EndReload(self.generation, ok=True, seconds=now - self.candidate_since)
        self._end_reload_by = now + CLOSE_AFTER

    def _finish_reload(self, now: float) -> None:
        """Whoever asked for the new code is told that it serves when nothing else does any more."""
        if self._end_reload is None:
            return
        old = (worker for worker in self.workers.values() if worker.generation < self.generation)
        if now >= self._end_reload_by or all(worker.closed for worker in old):
            self._report_reload(self._end_reload)
            self._actions.append(self._end_reload)
            self._end_reload = None

    def _report_reload(self, done: moves.EndReload) -> None:
        if self._reload_is_news:
            self._report("reload.done", INFO, generation=done.generation, workers=self.count, seconds=done.seconds)

    def _hand_over(self, now: float) -> None:
        for worker in list(self.workers.values()):
            successor = self.workers.successor(worker, self.generation)
            if successor and worker.generation <= self.generation and not worker.told:
                self._drain(worker, self._grace(worker), now, LINGER)
                facts = worker.facts(by=successor.id, by_pid=successor.pid, reason=worker.reason)
                self._report("worker.replaced", self._routine(), **facts)

    def _fill(self, now: float) -> None:
        for template in self.templates.values():
            if template.state is TemplateState.LOADED and self._wanted(template.generation):
                for place in self.workers.vacant(template.generation, self.places):
                    if self._backoffs[template.generation, place].due(now):
                        self._spawn(place, template.generation, now)

    # --- generations --------------------------------------------------------------------------------------

    def _wanted(self, generation: int) -> bool:
        return generation in (self.generation, self.candidate)

    def _begin(self, now: float) -> None:
        """Build a new generation. One that is being built has older code: it is given up."""
        if self.ending:
            return
        if self.candidate is not None:
            self._give_up(self.candidate, now)
        if self._end_reload is not None:
            self._report_reload(self._end_reload)
            self._end_reload = None  # who waits for it waits for this one instead
        self.last_generation += 1
        self.candidate, self.candidate_since = self.last_generation, now
        self.templates[self.candidate] = Template(self.candidate, self._preload)
        self._actions.append(moves.BeginReload(self.candidate))

    def _candidate_failed(self, summary: str, traceback: str, now: float) -> None:
        if self.candidate is None or self.phase is not Phase.RUNNING:
            return
        failed = self.candidate
        if not self.generation and not self.terms.patient:
            self._fail(Exit(PROJECT_FAILED, summary, traceback), now)
            return
        self._give_up(failed, now)
        self._report("reload.failed", ERROR, summary=summary, traceback=traceback, serving=self.generation)
        seconds = now - self.candidate_since
        self._actions.append(moves.EndReload(failed, False, seconds, summary, traceback))

    def _give_up(self, generation: int, now: float) -> None:
        self.candidate = None
        for worker in list(self.workers.of(generation)):
            self._drain(worker, 0.0, now)
        self._end_template(generation, now)

    def _drop_unborn(self, generation: int) -> None:
        """The template died before it said which process these are, or that there are any."""
        for worker in [worker for worker in self.workers.of(generation) if worker.pid is None]:
            self._abandon(worker)

    def _end_template(self, generation: int, now: float) -> None:
        template = self.templates.get(generation)
        if template is None:
            return
        if template.state is TemplateState.ABSENT:
            del self.templates[generation]
        elif template.state is TemplateState.LOADING:
            self._kill_template(template, now)  # an import hears nothing, and has nothing to finish
        elif template.state is TemplateState.LOADED:
            template.become(TemplateState.ENDING, now + KILL_AFTER)
            self._actions.append(moves.EndTemplate(generation))

    def _template_late(self, template: Template, now: float) -> None:
        if template.state is TemplateState.LOADING and not template.hung:
            template.hung, template.deadline = True, now + STACKS_AFTER
            self._actions.append(moves.AskTemplateStacks(template.generation))
        else:
            self._kill_template(template, now)

    def _kill_template(self, template: Template, now: float) -> None:
        if template.state is TemplateState.KILLED:
            self._template_died(moves.TemplateDied(template.generation, "survives SIGKILL, left alone"), now)
        else:
            template.become(TemplateState.KILLED, now + GIVE_UP_AFTER)
            self._actions.append(moves.KillTemplate(template.generation))

    # --- workers ------------------------------------------------------------------------------------------

    def _spawn(self, place: int, generation: int, now: float) -> None:
        self.last_worker += 1
        self.workers.enlist(place, generation, now, self.last_worker)
        self._actions.append(moves.SpawnWorker(self.last_worker, generation, place < 0))

    def _drain(self, worker: Worker, seconds: float, now: float, linger: float = 0.0, *, last: bool = False) -> None:
        if worker.state is State.KILLED:
            worker.told = True
            return
        deadline = now + seconds + KILL_AFTER
        worker.deadline = deadline if worker.deadline is None else min(worker.deadline, deadline)
        worker.told = True
        worker.become(State.DRAINING, now)
        self._actions.append(moves.TellDrain(worker.id, seconds, min(linger, seconds), last))

    def _freeze(self, worker: Worker, now: float) -> None:
        """It loads, or is silent, for too long: find out where it is, and have it go."""
        worker.frozen, worker.deadline = True, now + STACKS_AFTER
        since = worker.born if worker.state is State.STARTING else worker.heard
        self._report("worker.frozen", ERROR, **worker.facts(state=str(worker.state), seconds=now - since))
        if worker.pid is not None:
            self._actions.append(moves.AskStacks(worker.id))
        else:
            self._actions.append(moves.AskTemplateStacks(worker.generation))

    def _kill(self, worker: Worker, now: float) -> None:
        if worker.state is State.KILLED:
            del self.workers[worker.id]
            self._gone(worker, moves.WorkerExited(worker.id, "survives SIGKILL, left alone"), now)
        elif worker.pid is None:
            self._abandon(worker)
            self._gone(worker, moves.WorkerExited(worker.id, "never came to life"), now)
            template = self.templates.get(worker.generation)
            if worker.frozen and template and template.state is TemplateState.LOADED:
                self._kill_template(template, now)  # it was asked, and stands still
        else:
            self._report("worker.killed", WARNING, **worker.facts(state=str(worker.state), seconds=now - worker.since))
            worker.become(State.KILLED, now)
            worker.deadline = now + GIVE_UP_AFTER
            self._actions.append(moves.Signal(worker.id, SIGKILL))

    def _gone(self, worker: Worker, exited: moves.WorkerExited, now: float) -> None:
        if worker.told:
            self._report("worker.exited", DEBUG, **worker.facts(status=exited.status))
            return
        delay = self._backoffs[worker.generation, worker.place].fail(worker.born, now)
        facts = worker.facts(status=exited.status, reason=exited.reason, lived=now - worker.born, again_in=delay)
        self._report("worker.died", ERROR, **facts, stacks=exited.stacks)
        if worker.generation == self.candidate:
            self._candidate_lost_one(worker, exited, now)

    def _candidate_lost_one(self, worker: Worker, exited: moves.WorkerExited, now: float) -> None:
        """One chance to come up where there is something to return to. Who comes up and dies has a few."""
        if self._ready_once and not self.generation:
            return  # others of the first start serve already
        chances = 1 if self.generation and not worker.said_ready else HOPELESS_AFTER
        if self._backoffs[worker.generation, worker.place].failures >= chances:
            why = f" ({exited.reason})" if exited.reason else ""
            self._candidate_failed(f"no worker comes up, the last one: {exited.status}{why}", exited.stacks, now)

    def _abandon(self, worker: Worker) -> None:
        del self.workers[worker.id]
        self._actions.append(moves.Abandon(worker.id))

    # --- the end ------------------------------------------------------------------------------------------

    def _fail(self, how: Exit, now: float) -> None:
        if self.phase is Phase.RUNNING:
            self._exit = how
            self._stop(Phase.FAST, now)

    def _give_notice(self, now: float) -> None:
        """Everything goes on for a while, but whoever asks how we are is told to go elsewhere."""
        self.leaves_at = now + self.terms.notice
        self._report("server.leaving", self._routine(), seconds=self.terms.notice)
        for worker in self.workers.values():
            self._tell_leave(worker)

    def _tell_leave(self, worker: Worker) -> None:
        if self.leaves_at is not None and worker.state in (State.READY, State.RETIRING) and not worker.is_for_tasks:
            self._actions.append(moves.TellLeave(worker.id))

    def _stop(self, phase: Phase, now: float) -> None:
        self.phase, self._end_reload = phase, None
        # Workers on their way out accept nothing more: who comes now must be refused, not kept waiting.
        self._actions.append(moves.CloseDoors())
        graceful = phase is Phase.GRACEFUL
        self._report("server.stopping", self._routine(), graceful=graceful, workers=len(self.workers))
        for worker in self.workers.values():
            if not (graceful and worker.told):
                self._drain(worker, self._grace(worker) if graceful else 0.0, now, last=True)
        for generation in list(self.templates):
            self._end_template(generation, now)

    def _kill_all(self, now: float) -> None:
        for worker in self.workers.values():
            if worker.state is not State.KILLED:
                worker.deadline = now
        for template in self.templates.values():
            if template.state is TemplateState.ENDING:
                template.deadline = now

    def _routine(self) -> int:
        """The level of what is expected at the start, where one line is enough, and news later."""
        return INFO if self.announced else DEBUG

    def _report(self, name: str, level: int, **facts: object) -> None:
        self._actions.append(moves.Report(name, level, {key: fact for key, fact in facts.items() if fact != ""}))


def _in_words(status: str) -> str:
    return f"ended: {status}" if status.startswith(("exit", "killed")) else status
