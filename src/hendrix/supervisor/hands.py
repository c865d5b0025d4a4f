"""The fleet's actions on processes carried out, and what became of those processes told to it.

It forks and ends the template, has it fork workers, signals, listens, reaps. What cannot be decided here is handed on:
``Told`` says to whom.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hendrix.core import control, events
from hendrix.core.config import Config
from hendrix.core.control import Message, SettingsLoaded
from hendrix.core.record import record
from hendrix.supervisor import identity, moves, process
from hendrix.supervisor.channel import Channel
from hendrix.supervisor.crew import Crew, Hear, Member
from hendrix.supervisor.moves import Action, Event
from hendrix.supervisor.oom import OutOfMemory
from hendrix.supervisor.plans import Plans
from hendrix.supervisor.process import Template
from hendrix.supervisor.stacks import Stacks
from hendrix.supervisor.watch import watch


@record(frozen=True)
class Told:
    """Who is told what.

    ``fleet`` the events; ``settings`` that a generation's settings are loaded; ``reaped`` the end of a child that is
    none of the fleet's (True: it was known); ``release`` closes, in a forked child, what is the supervisor's.
    ``worker_asks`` and ``template_asks`` what they want to borrow, ``credentialed`` what a template thinks of keys and
    certificates, ``cache_says`` what a worker's cache does, ``measured`` what workers count, ``seen`` what goes
    on in one.
    """

    fleet: Callable[[Event], None]
    settings: Callable[[int, SettingsLoaded], None]
    reaped: Callable[[int, int], bool]
    release: Callable[[], None]
    worker_asks: Callable[[int, Message], None] = lambda worker, message: None
    template_asks: Callable[[int, Message], None] = lambda generation, message: None
    credentialed: Callable[[int, control.Credentialed], None] = lambda generation, message: None
    cache_says: Callable[[int, control.CacheSays], None] = lambda worker, message: None
    measured: Callable[[int, Message], None] = lambda worker, message: None
    seen: Callable[[int, control.Seen], None] = lambda worker, message: None


class Hands:
    """Deals with all processes."""

    def __init__(self, crew: Crew, plans: Plans, template: Template, told: Told) -> None:
        self._crew, self._plans, self._run_template = crew, plans, template
        self._told = told
        self._tell = told.fleet
        self._out_of_memory = OutOfMemory()
        self._sees_exits = process.adopt_orphans()
        self.doers: dict[type[Action], Callable[[Any], None]] = {
            moves.StartTemplate: self._start_template,
            moves.EndTemplate: self._end_template,
            moves.KillTemplate: lambda action: self._signal(self._template(action), signal.SIGKILL),
            moves.AskTemplateStacks: lambda action: self._ask_stacks(self._template(action)),
            moves.SpawnWorker: self._spawn_worker,
            moves.TellLeave: self._tell_leave,
            moves.TellDrain: self._tell_drain,
            moves.AskStacks: lambda action: self._ask_stacks(crew.workers.get(action.worker)),
            moves.Signal: lambda action: self._signal(crew.workers.get(action.worker), action.signum),
            moves.Abandon: lambda action: crew.forget_worker(action.worker),
        }

    # --- what became of processes -------------------------------------------------------------------------

    def reap(self) -> None:
        """A child has ended: find out which."""
        for pid, ended in process.reap():
            if self._crew.watcher and self._crew.watcher.pid == pid:
                self._watcher_ended(process.describe(ended))
            elif (generation := self._crew.generation_of(pid)) is not None:
                self._template_ended(generation, process.describe(ended))
            elif (worker := self._crew.named(pid)) is not None:
                self._worker_ended(worker, process.describe(ended))
            elif not self._told.reaped(pid, ended):
                self._crew.keep_unclaimed(pid, ended)

    def _template_ended(self, generation: int, described: str) -> None:
        member = self._crew.templates[generation]
        self._crew.listen(member)  # its last words come first
        stacks = member.stacks.read()
        self._crew.leave(member)
        del self._crew.templates[generation]
        self._tell(moves.TemplateDied(generation, described, stacks))

    def _worker_ended(self, worker: int, described: str) -> None:
        member = self._crew.workers[worker]
        self._crew.listen(member)
        stacks, reason = member.stacks.read(), member.fault
        if not reason and not member.killed and "SIGKILL" in described and self._out_of_memory.look():
            reason = "out of memory: the kernel killed it; give fewer workers, --max-rss, or more memory"
        self._crew.forget_worker(worker)
        self._tell(moves.WorkerExited(worker, described, reason, stacks))

    def _watcher_ended(self, described: str) -> None:
        if self._crew.watcher:
            self._crew.leave(self._crew.watcher)
            self._crew.watcher = None
        advice = "changes are not seen until the next reload (kill -HUP)"
        events.emit("watch.ended", events.WARNING, status=described, advice=advice)

    # --- what the template says ---------------------------------------------------------------------------

    def template_hears(self, generation: int) -> Callable[[Message | None], None]:
        """Who listens to this template."""
        return lambda message: self._hear_template(generation, message)

    def _hear_template(self, generation: int, message: Message | None) -> None:
        match message:
            case None:
                self._tell(moves.TemplateLost(generation))
            case SettingsLoaded():
                self._told.settings(generation, message)
            case control.Loaded(seconds):
                self._tell(moves.TemplateLoaded(generation, seconds))
            case control.LoadFailed(summary, traceback):
                self._tell(moves.TemplateFailed(generation, summary, traceback))
            case control.Unfit(threads):
                advice = "each worker imports the project itself; start them in a worker, or give --no-preload"
                events.emit("template.threads", events.WARNING, threads=", ".join(threads), advice=advice)
                self._tell(moves.TemplateUnfit(generation))
            case control.Watch():
                self._watch(message)
            case control.Spawned(worker, pid):
                self._on_spawned(worker, pid)
            case control.Borrow() | control.GiveBack():
                self._told.template_asks(generation, message)
            case control.Credentialed():
                self._told.credentialed(generation, message)
            case _:
                pass  # not the template's to say

    def send_template(self, generation: int, message: Message, fds: tuple[int, ...] = ()) -> None:
        """Say something to it, if it is there."""
        if member := self._crew.templates.get(generation):
            self._crew.send(member, message, fds)

    def _on_spawned(self, worker: int, pid: int) -> None:
        if worker not in self._crew.workers:
            # Given up meanwhile. It sees the end of its channel, unless an import holds it: nobody knows it any more.
            if process.is_our_child(pid):
                process.send_signal(pid, signal.SIGKILL)
            return
        ended = self._crew.claim(worker, pid)
        self._tell(moves.WorkerSpawned(worker, pid))
        if ended is not None:
            self._worker_ended(worker, process.describe(ended))

    # --- what a worker says -------------------------------------------------------------------------------

    def worker_hears(self, worker: int) -> Callable[[Message | None], None]:
        """Who listens to this worker."""
        return lambda message: self._hear_worker(worker, message)

    def _hear_worker(self, worker: int, message: Message | None) -> None:
        match message:
            case None if self._sees_exits:
                self._tell(moves.WorkerLost(worker))
            case None:
                self._crew.forget_worker(worker)
                self._tell(moves.WorkerExited(worker, "gone"))
            case control.Ready():
                self._tell(moves.WorkerReady(worker))
            case control.Vitals():
                self._told.measured(worker, message)
                self._note_vitals(worker, message)
            case control.Measured():
                self._told.measured(worker, message)
            case control.LoadFailed(summary, traceback):
                self._tell(moves.WorkerFailed(worker, summary, traceback))
            case control.Draining():
                self._tell(moves.WorkerDraining(worker))
            case control.CacheSays():
                self._told.cache_says(worker, message)
            case control.Seen():
                self._told.seen(worker, message)
            case control.Retire(reason):
                self._tell(moves.WorkerAsksRetire(worker, reason))
            case control.Borrow() | control.GiveBack() | control.AskTurn() | control.EndTurn():
                self._told.worker_asks(worker, message)
            case _:
                pass  # not a worker's to say

    def _note_vitals(self, worker: int, vitals: control.Vitals) -> None:
        if member := self._crew.workers.get(worker):  # what was heard just before it may have ended it
            member.vitals = vitals
            self._tell(moves.WorkerHeard(worker))

    # --- development: what changed ------------------------------------------------------------------------

    def _watch(self, message: control.Watch) -> None:
        if self._crew.watcher is None:
            try:
                self._crew.watcher = self.fork("hendrix: watcher", lambda stacks: watch, self._hear_watcher)
            except OSError as error:
                self._watcher_ended(f"cannot be started: {error.strerror}")
                return
        self._crew.send(self._crew.watcher, message)

    def _hear_watcher(self, message: Message | None) -> None:
        if isinstance(message, control.Changed):
            events.emit("code.changed", files=", ".join(message.files))
            self._tell(moves.ReloadAsked())

    # --- actions ------------------------------------------------------------------------------------------

    def _template(self, action: moves.KillTemplate | moves.AskTemplateStacks) -> Member | None:
        return self._crew.templates.get(action.generation)

    def _start_template(self, action: moves.StartTemplate) -> None:
        generation = action.generation
        if generation not in self._plans:
            self._tell(moves.TemplateDied(generation, "was not started: its options are refused"))
            return
        if self._plans[generation].reload and self._crew.watcher is None:
            # Before the first import: what is saved meanwhile is seen, and an import that kills its process too.
            self._watch(control.Watch([], [os.getcwd()]))
        if survivor := self._crew.templates.pop(generation, None):
            self._crew.leave(survivor)  # one that survives SIGKILL
        config = replace(self._plans[generation], preload=action.preload)
        try:
            work = self._template_work(config)
            member = self.fork("hendrix: template", work, self.template_hears(generation))
        except OSError as error:
            self._tell(moves.TemplateDied(generation, f"cannot be started: {error.strerror}"))
            return
        self._crew.templates[generation] = member
        events.emit("template.started", events.DEBUG, pid=member.pid, generation=generation)

    def fork(self, title: str, work: Callable[[int], process.Work], hear: Hear) -> Member:
        """A process that does ``work``, which is given the descriptor for its stacks. Raises ``OSError``."""
        stacks = Stacks()
        try:
            pid, sock = process.start(title, work(stacks.fileno()), self._told.release)
        except OSError:
            stacks.close()
            raise
        return self._crew.join(Member(Channel(sock), hear, pid, stacks=stacks))

    def _template_work(self, config: Config) -> Callable[[int], process.Work]:
        def work(channel: socket.socket, stacks: int) -> None:
            parent = os.getppid()
            if owner := identity.find(config.user, config.group):
                identity.become(owner)
                process.die_with(parent)  # the kernel forgets it with a change of user
                if reason := identity.barred(owner):
                    channel.sendall(control.encode(control.LoadFailed(reason, "")))
                    return
            self._run_template(channel, config, stacks)

        return lambda stacks: lambda channel: work(channel, stacks)

    def _end_template(self, action: moves.EndTemplate) -> None:
        if member := self._crew.templates.get(action.generation):
            self._crew.finish(member)

    def _spawn_worker(self, action: moves.SpawnWorker) -> None:
        try:
            self._ask_for(action.worker, action.generation, tasks=action.tasks)
        except OSError as error:
            self._crew.forget_worker(action.worker)
            self._tell(moves.WorkerExited(action.worker, f"cannot be started: {error.strerror}"))

    def _ask_for(self, worker: int, generation: int, *, tasks: bool) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            member = Member(Channel(ours), self.worker_hears(worker))
            self._crew.workers[worker] = self._crew.join(member)
            fds = (theirs.fileno(), member.stacks.fileno())
            self.send_template(generation, control.Spawn(worker, tasks=tasks), fds)

    def _tell_leave(self, action: moves.TellLeave) -> None:
        if member := self._crew.workers.get(action.worker):
            self._crew.send(member, control.Leave())

    def _tell_drain(self, action: moves.TellDrain) -> None:
        if member := self._crew.workers.get(action.worker):
            self._crew.send(member, control.Drain(action.seconds, action.linger, action.last))

    def _signal(self, member: Member | None, signum: int) -> None:
        if member and member.pid is not None:
            member.killed = signum == signal.SIGKILL
            process.send_signal(member.pid, signum)

    def _ask_stacks(self, member: Member | None) -> None:
        if member and member.pid is not None:
            if process.is_stopped(member.pid):
                member.fault = "it was stopped, by SIGSTOP or a debugger"
            process.send_signal(member.pid, control.STACKS_SIGNAL)
