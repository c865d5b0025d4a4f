"""The supervisor's loop: signals, channels and exits become events of the fleet; its actions are carried out.

Nothing is decided here that could be decided in ``fleet``, and nothing here waits for anyone.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from hendrix.core import control, events
from hendrix.core.config import Config, to_plain
from hendrix.core.control import Message, SettingsLoaded
from hendrix.core.errors import HendrixError, ProjectError
from hendrix.supervisor import moves, process, sockets
from hendrix.supervisor.channel import Channel
from hendrix.supervisor.crew import Crew, Member
from hendrix.supervisor.fleet import Fleet
from hendrix.supervisor.moves import Action, Event
from hendrix.supervisor.process import Template
from hendrix.supervisor.signals import Signals
from hendrix.supervisor.sockets import Listener

_CAUGHT = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGCHLD,
)
_MOST_WORKERS = 512


def run(
    config: Config,
    template: Template,
    reopen_logs: Callable[[], None],
    resolve: Callable[[SettingsLoaded], Config],
) -> int:
    """Serve until told to stop; returns the exit status. Call it in the main thread of a process without others.

    ``template`` runs in a forked process, imports the project and forks workers. ``resolve`` merges what the
    project's settings say into the final configuration. ``reopen_logs`` opens this process's log anew.

    Raises ``UsageError`` when an address cannot be listened at or ``resolve`` says so, and ``ProjectError`` when
    the project does not load or no worker comes up; nothing is left running then.
    """
    supervisor = Supervisor(config, template, reopen_logs, resolve)
    try:
        return supervisor.serve()
    finally:
        supervisor.close()


class Supervisor:
    """One server's parent process."""

    def __init__(
        self,
        config: Config,
        template: Template,
        reopen_logs: Callable[[], None],
        resolve: Callable[[SettingsLoaded], Config],
    ) -> None:
        self._config = config
        self._template = template
        self._reopen_own_logs = reopen_logs
        self._resolve = resolve
        self._settings = config.settings
        self._listeners: list[Listener] = []
        self._failure: HendrixError | None = None
        self._exit: moves.Exit | None = None
        self._fleet = Fleet(config.workers, config.graceful_timeout)
        self._queue: deque[Event] = deque()
        self._carrying_out = False
        self._selector = selectors.DefaultSelector()
        self._crew = Crew(self._selector)
        self._signals = Signals(_CAUGHT)
        self._selector.register(self._signals, selectors.EVENT_READ, self._on_signals)
        self._sees_exits = process.adopt_orphans()
        self._doers: dict[type[Action], Callable[[Any], None]] = {
            moves.StartTemplate: self._start_template,
            moves.EndTemplate: self._end_template,
            moves.KillTemplate: self._kill_template,
            moves.SpawnWorker: self._spawn_worker,
            moves.TellDrain: self._tell_drain,
            moves.Signal: self._signal_worker,
            moves.Abandon: lambda action: self._crew.forget_worker(action.worker),
            moves.AnnounceReady: self._announce_ready,
            moves.Exit: self._set_exit,
            moves.Report: lambda action: events.emit(action.name, action.level, **action.facts),
        }

    # --- the loop -----------------------------------------------------------------------------------------

    def serve(self) -> int:
        """Run until the fleet says ``Exit``."""
        process.set_title(self._title())
        self._tell(moves.Tick())
        while self._exit is None:
            for key, mask in self._selector.select(self._patience()):
                key.data(mask)
            self._tell(moves.Tick())
        return self._status(self._exit)

    def close(self) -> None:
        """Give everything back. Processes are left only where ``serve`` was cut short by an error of ours."""
        for member in self._crew.members():
            if member.pid is not None:
                process.send_signal(member.pid, signal.SIGKILL)
            self._crew.leave(member)
        sockets.close(self._listeners, clean=True)
        self._selector.close()
        self._signals.close()

    def _patience(self) -> float | None:
        deadline = self._fleet.deadline()
        return None if deadline is None else max(0.0, deadline - monotonic())

    def _tell(self, event: Event) -> None:
        """Tell the fleet, and do what it says. What happens meanwhile is told in its turn."""
        self._queue.append(event)
        if self._carrying_out:
            return
        self._carrying_out = True
        try:
            while self._queue:
                for action in self._fleet.handle(self._queue.popleft(), monotonic()):
                    self._doers[type(action)](action)
        finally:
            self._carrying_out = False

    def _status(self, end: moves.Exit) -> int:
        if self._failure:
            raise self._failure
        if end.summary:
            raise ProjectError(end.summary, end.traceback)
        events.emit("server.stopped", status=end.status)
        return end.status

    def _title(self) -> str:
        return f"hendrix: supervisor [{self._settings}]" if self._settings else "hendrix: supervisor"

    # --- signals ------------------------------------------------------------------------------------------

    def _on_signals(self, mask: int) -> None:
        for number in self._signals.read():
            self._on_signal(signal.Signals(number))

    def _on_signal(self, signum: signal.Signals) -> None:
        match signum:
            case signal.SIGCHLD:
                self._reap()
            case signal.SIGTERM | signal.SIGINT | signal.SIGQUIT:
                self._stop_listening()
                self._tell(moves.StopAsked(graceful=signum is signal.SIGTERM))
            case signal.SIGUSR1:
                self._reopen_logs()
            case signal.SIGTTIN:
                self._tell(moves.Resized(min(self._fleet.count + 1, _MOST_WORKERS)))
            case signal.SIGTTOU:
                self._tell(moves.Resized(max(self._fleet.count - 1, 1)))
            case _:
                events.emit("signal.ignored", events.WARNING, signal=signum.name, reason="not yet implemented")

    def _stop_listening(self) -> None:
        """Workers on their way out accept nothing more: who comes now must be refused, not kept waiting."""
        sockets.close(self._listeners, clean=True)
        self._listeners = []

    def _reopen_logs(self) -> None:
        try:
            self._reopen_own_logs()
        except Exception as error:  # a full disk or lost directory must not end the server
            events.emit("logs.reopen_failed", events.ERROR, exc=error)
        for member in list(self._crew.workers.values()):
            self._crew.send(member, control.ReopenLogs())
        events.emit("logs.reopened")

    # --- what became of processes -------------------------------------------------------------------------

    def _reap(self) -> None:
        for pid, status in process.reap():
            template = self._crew.template
            if template and template.pid == pid:
                self._template_ended(template, process.describe(status))
            elif (worker := self._crew.named(pid)) is not None:
                self._worker_ended(worker, process.describe(status))
            else:
                self._crew.keep_unclaimed(pid, status)

    def _template_ended(self, member: Member, status: str) -> None:
        self._crew.listen(member)  # its last words come first
        self._crew.leave(member)
        self._crew.template = None
        self._tell(moves.TemplateDied(status))

    def _worker_ended(self, worker: int, status: str) -> None:
        self._crew.listen(self._crew.workers[worker])
        self._crew.forget_worker(worker)
        self._tell(moves.WorkerExited(worker, status))

    # --- what the template says ---------------------------------------------------------------------------

    def _hear_template(self, message: Message | None) -> None:
        match message:
            case None:
                self._tell(moves.TemplateLost())
            case SettingsLoaded():
                self._configure(message)
            case control.Loaded(seconds):
                self._tell(moves.TemplateLoaded(seconds))
            case control.LoadFailed(summary, traceback):
                self._tell(moves.TemplateFailed(summary, traceback))
            case control.Spawned(worker, pid):
                self._on_spawned(worker, pid)
            case _:
                pass  # not the template's to say

    def _configure(self, loaded: SettingsLoaded) -> None:
        try:
            if not self._listeners:
                self._prepare(loaded)
        except HendrixError as error:
            self._failure = error
            self._tell(moves.StopAsked(graceful=False))
            return
        addresses = [listener.address for listener in self._listeners]
        fds = tuple(listener.socket.fileno() for listener in self._listeners)
        self._send_template(control.Configure(to_plain(self._config), addresses, len(fds)), fds)

    def _prepare(self, loaded: SettingsLoaded) -> None:
        """What is done once: the final options, the sockets."""
        self._config = self._resolve(loaded)
        self._settings = loaded.settings
        process.set_title(self._title())
        self._tell(moves.Configured(self._config.workers, self._config.graceful_timeout))
        addresses = self._config.bind or (f"127.0.0.1:{self._config.http_port}",)
        self._listeners = sockets.bind(addresses, self._config.backlog)

    def _send_template(self, message: Message, fds: tuple[int, ...] = ()) -> None:
        if self._crew.template:
            self._crew.send(self._crew.template, message, fds)

    def _on_spawned(self, worker: int, pid: int) -> None:
        if worker not in self._crew.workers:
            return  # given up meanwhile: it sees the end of its channel and leaves
        status = self._crew.claim(worker, pid)
        self._tell(moves.WorkerSpawned(worker, pid))
        if status is not None:
            self._worker_ended(worker, process.describe(status))

    # --- what a worker says -------------------------------------------------------------------------------

    def _hear_worker(self, worker: int, message: Message | None) -> None:
        match message:
            case None if self._sees_exits:
                self._tell(moves.WorkerLost(worker))
            case None:
                self._crew.forget_worker(worker)
                self._tell(moves.WorkerExited(worker, "gone"))
            case control.Ready():
                self._tell(moves.WorkerReady(worker))
            case control.Retire(reason):
                self._tell(moves.WorkerAsksRetire(worker, reason))
            case _:
                pass  # not a worker's to say

    # --- actions ------------------------------------------------------------------------------------------

    def _start_template(self, action: moves.StartTemplate) -> None:
        if self._crew.template:
            self._crew.leave(self._crew.template)  # one that survives SIGKILL
        try:
            pid, sock = process.start_template(self._template, self._config, self._release)
        except OSError as error:
            self._tell(moves.TemplateDied(f"cannot be started: {error.strerror}"))
            return
        self._crew.template = self._crew.join(Member(Channel(sock), self._hear_template, pid))
        events.emit("template.started", events.DEBUG, pid=pid)

    def _release(self) -> None:
        """In the forked child: close what is the supervisor's. The selector first, as it is shared."""
        self._selector.close()
        self._signals.release()
        self._crew.release()
        sockets.close(self._listeners, clean=False)

    def _end_template(self, action: moves.EndTemplate) -> None:
        if self._crew.template:
            self._crew.finish(self._crew.template)

    def _kill_template(self, action: moves.KillTemplate) -> None:
        if self._crew.template and self._crew.template.pid is not None:
            process.send_signal(self._crew.template.pid, signal.SIGKILL)

    def _spawn_worker(self, action: moves.SpawnWorker) -> None:
        try:
            self._ask_for(action.worker)
        except OSError as error:
            self._crew.forget_worker(action.worker)
            self._tell(moves.WorkerExited(action.worker, f"cannot be started: {error.strerror}"))

    def _ask_for(self, worker: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            member = Member(Channel(ours), lambda message: self._hear_worker(worker, message))
            self._crew.workers[worker] = self._crew.join(member)
            self._send_template(control.Spawn(worker), (theirs.fileno(),))

    def _tell_drain(self, action: moves.TellDrain) -> None:
        if member := self._crew.workers.get(action.worker):
            self._crew.send(member, control.Drain(action.seconds))

    def _signal_worker(self, action: moves.Signal) -> None:
        member = self._crew.workers.get(action.worker)
        if member and member.pid is not None:
            process.send_signal(member.pid, action.signum)

    def _announce_ready(self, action: moves.AnnounceReady) -> None:
        facts = {"workers": self._fleet.count, "settings": self._settings, "pid": os.getpid()}
        events.emit("server.ready", urls=[listener.url for listener in self._listeners], **facts)

    def _set_exit(self, action: moves.Exit) -> None:
        self._exit = action
