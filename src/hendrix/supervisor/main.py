"""The supervisor's loop: signals, channels and exits become events of the fleet; its actions are carried out.

Nothing is decided here that could be decided in ``fleet``, and nothing here waits for anyone.
"""

from __future__ import annotations

import os
import selectors
import signal
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from hendrix.cache import folder
from hendrix.core import control, events
from hendrix.core.config import to_plain
from hendrix.core.console import Done
from hendrix.core.control import SettingsLoaded
from hendrix.core.errors import HendrixError, ProjectError, UsageError
from hendrix.supervisor import handover, logfiles, moves, process, vaults
from hendrix.supervisor.admin import Admin
from hendrix.supervisor.asks import Asks
from hendrix.supervisor.caching import CacheTalk
from hendrix.supervisor.crew import Crew
from hendrix.supervisor.fleet import Fleet
from hendrix.supervisor.handover import Heritage
from hendrix.supervisor.hands import Hands, Told
from hendrix.supervisor.holdings import Holdings
from hendrix.supervisor.keeper import Keeper
from hendrix.supervisor.loans import Loans
from hendrix.supervisor.looks import Looks
from hendrix.supervisor.measures import Measures
from hendrix.supervisor.moves import Action, Event
from hendrix.supervisor.notify import Notifier
from hendrix.supervisor.origin import Origin
from hendrix.supervisor.plans import MOST_WORKERS, Options, Plans, terms
from hendrix.supervisor.renewals import Renewals
from hendrix.supervisor.restart import Restart
from hendrix.supervisor.rooms import Rooms
from hendrix.supervisor.signals import CAUGHT, Signals
from hendrix.supervisor.status import Chronicle, ending, status
from hendrix.supervisor.vigil import LONGEST_SLEEP, Vigil


def run(options: Options, rooms: Rooms, origin: Origin) -> int:
    """Serve until told to stop; returns the exit status. Call it in the main thread of a process without others.

    Raises ``UsageError`` when an address cannot be listened at or the options say so, and ``ProjectError`` when
    the project does not load or no worker comes up; nothing is left running then.
    """
    folder.begin()
    supervisor = Supervisor(options, rooms, origin)
    try:
        return supervisor.serve()
    finally:
        supervisor.close()
        folder.end()


class Supervisor:
    """One server's parent process."""

    def __init__(self, options: Options, rooms: Rooms, origin: Origin) -> None:
        self._rooms, self._origin = rooms, origin
        self._plans = Plans(options)
        config, self._chronicle = self._plans.current, Chronicle()
        self._settings = config.settings
        self._failure: HendrixError | None = None
        self._exit: moves.Exit | None = None
        self._fleet = Fleet(config.workers, terms(config), tasks=config.task_workers, preload=config.preload)
        self._queue: deque[Event] = deque()
        self._carrying_out = self._executed = False
        self._selector = selectors.DefaultSelector()
        self._crew = Crew(self._selector)
        self._caches = caches = CacheTalk(self._fleet, self._crew)
        self._measures = sums = Measures(self._fleet, self._crew)
        self._keeper = Keeper(rooms.passwords, self._crew)
        self._renewals = renewals = Renewals(self._crew, self._keeper, self._fleet, rooms.renewer)
        asks = (self._status, self._reload, self._restart, self._stop, caches.asked, renewals.renew)
        self._looks = looks = Looks(self._fleet, self._crew, self._tell)
        self._asks = Asks(*asks, sums.facts, looks.asked, looks.recycle)
        self._admin = admin = Admin(self._crew, self._asks.asked, rooms.admin)
        self._holdings = Holdings(self._selector, self._asks.asked, rooms.relay, self._release)
        self._loans = loans = Loans(self._fleet, self._crew, self._plans, self._holdings.lending)
        ways = (self._tell, self._configure, self._reaped, self._release, loans.worker_asks, loans.template_asks)
        others = (self._credentialed, caches.said, sums.heard, looks.said)
        self._hands = Hands(self._crew, self._plans, rooms.template, Told(*ways, *others))
        self._attendants = (renewals.process, admin.process)
        renewals.process.fork = admin.process.fork = self._hands.fork
        self._notifier = Notifier(origin.environ)
        self._restarting = Restart(origin, self._not_restarted)
        self._vigil, self._signals = Vigil(monotonic()), Signals(CAUGHT)
        self._selector.register(self._signals, selectors.EVENT_READ, self._on_signals)
        self._doers: dict[type[Action], Callable[[Any], None]] = {
            **self._hands.doers,
            moves.AnnounceReady: self._announce_ready,
            moves.BeginReload: self._begin_reload,
            moves.Promoted: self._promoted,
            moves.EndReload: self._end_reload,
            moves.Exit: self._set_exit,
            moves.CloseDoors: lambda action: self._holdings.stop_listening(),
            moves.Report: self._report,
        }

    # --- the loop -----------------------------------------------------------------------------------------

    def serve(self) -> int:
        """Run until the fleet says ``Exit``."""
        process.set_title(self._title())
        if estate := handover.inherited():
            self._take_over(estate)
        # A predecessor executed us with all signals blocked.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        self._tell(moves.ReloadAsked())
        self._hands.reap()  # who ended while we were executed; now, as a candidate from before is given up by now
        while self._exit is None:
            patience = self._patience()
            self._vigil.sleep(monotonic(), patience)
            for key, mask in self._selector.select(patience):
                key.data(mask)
            self._turn()
        return self._result(self._exit)

    def close(self) -> None:
        """Give everything back. Of processes the watcher is left, and others only where ``serve`` was cut short."""
        self._restarting.close()
        members = self._crew.members()
        process.end([member.pid for member in members if member.pid is not None])
        for member in members:
            self._crew.leave(member)
        self._admin.give_back()
        self._holdings.give_back()
        self._selector.close()
        self._signals.close()

    def _patience(self) -> float | None:
        console = self._holdings.console
        moments = [self._fleet.deadline(), self._restarting.deadline, console.deadline() if console else None]
        others = (self._loans, self._keeper, self._caches, self._looks, self._holdings.relay, self._notifier)
        moments += [one.deadline() for one in (*others, *self._attendants)]
        if self._fleet.terms.silence:
            moments.append(monotonic() + LONGEST_SLEEP)
        known = [moment for moment in moments if moment is not None]
        return max(0.0, min(known) - monotonic()) if known else None

    def _turn(self) -> None:
        now = monotonic()
        self._restarting.tick(now)
        self._holdings.tick()
        self._notifier.look(now)
        self._tell(moves.Tick())
        self._keeper.tick(self._fleet.generation, now)
        for one in (self._loans, self._caches, self._looks, *self._attendants):
            one.look(now)
        if self._restarting.due:
            self._execute()

    def _tell(self, event: Event) -> None:
        """Tell the fleet, and do what it says. What happens meanwhile is told in its turn."""
        self._queue.append(event)
        if self._carrying_out:
            return
        self._carrying_out = True
        try:
            while self._queue:
                now = monotonic()
                # Before anything else: whatever the fleet is told has it look for who was silent.
                event = moves.Overslept() if self._vigil.overslept(now) else self._queue.popleft()
                for action in self._fleet.handle(event, now):
                    self._doers[type(action)](action)
        finally:
            self._carrying_out = False

    def _result(self, end: moves.Exit) -> int:
        failed = self._failure or (ProjectError(end.summary, end.traceback) if end.summary else None)
        self._holdings.vacate()
        self._asks.stopped(end.status)
        if failed:
            raise failed
        events.emit("server.stopped", status=end.status)
        return end.status

    def _title(self) -> str:
        return f"hendrix: supervisor [{self._settings}]" if self._settings else "hendrix: supervisor"

    # --- what we are asked --------------------------------------------------------------------------------

    def _on_signals(self, mask: int) -> None:
        for number in self._signals.read():
            self._on_signal(signal.Signals(number))

    def _on_signal(self, signum: signal.Signals) -> None:
        match signum:
            case signal.SIGCHLD:
                self._hands.reap()
            case signal.SIGTERM | signal.SIGINT | signal.SIGQUIT:
                self._stop(fast=signum is not signal.SIGTERM)
            case signal.SIGHUP if self._fleet.terms.patient and self._signals.hung_up:
                self._stop(fast=True)  # development ends with its terminal
            case signal.SIGHUP:
                self._log_refusal(self._reload(), signum)
            case signal.SIGUSR1:
                self._reopen_logs()
            case signal.SIGUSR2:
                self._log_refusal(self._restart(), signum)
            case signal.SIGTTIN | signal.SIGTTOU:
                count = self._fleet.count + (1 if signum is signal.SIGTTIN else -1)
                self._tell(moves.Resized(max(1, min(count, MOST_WORKERS))))

    def _log_refusal(self, reason: str, signum: signal.Signals) -> None:
        if reason:
            events.emit("signal.refused", events.WARNING, signal=signum.name, reason=reason)

    def _stop(self, fast: bool) -> None:
        self._notifier.stopping(self._fleet.terms.longest_stop)
        self._renewals.process.want(None)
        self._tell(moves.StopAsked(graceful=not fast))
        self._asks.say(ending(self._fleet))

    def _reload(self) -> str:
        """Begin a reload; returns why that cannot be."""
        if reason := self._not_now():
            return reason
        self._asks.say("loading the new code")
        self._tell(moves.ReloadAsked())
        return ""

    def _not_now(self) -> str:
        if self._fleet.ending:
            return "the server is stopping"
        if not self._fleet.announced and not self._fleet.terms.patient:
            return "the server is still starting"
        return ""

    def _status(self) -> dict[str, Any]:
        facts = status(self._fleet, self._crew, self._chronicle, monotonic())
        tls = {"certificates": self._keeper.certificates, "renewals": self._renewals.rows}
        return {**facts, **self._holdings.facts, "settings": self._settings, **tls, "admin": self._admin.places}

    def _reopen_logs(self) -> None:
        try:
            self._rooms.reopen_logs()
        except Exception as error:  # a full disk or lost directory must not end the server
            events.emit("logs.reopen_failed", events.ERROR, exc=error)
        logfiles.hand_over(self._plans.current)
        for member in list(self._crew.workers.values()):
            self._crew.send(member, control.ReopenLogs())
        for one in self._attendants:
            one.send(control.ReopenLogs())
        events.emit("logs.reopened")

    # --- restart: the program is executed anew ------------------------------------------------------------

    def _restart(self) -> str:
        """Find out whether the program would start; if so, execute it. Returns why that cannot be."""
        if reason := self._not_now():
            return reason
        self._asks.say("checking that the program starts")
        return self._restarting.begin()

    def _reaped(self, pid: int, status: int) -> bool:
        others = (self._holdings.relay, self._restarting, *self._attendants)
        return any(one.reaped(pid, status) for one in others)

    def _not_restarted(self, wrong: str) -> None:
        events.emit("restart.failed", events.ERROR, reason=wrong)
        self._asks.restarted(Done(1, f"not restarted: {wrong}"))

    def _execute(self) -> None:
        """Does not return, unless it cannot be done."""
        self._restarting.due = False
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._on_signals(selectors.EVENT_READ)  # those that come from now on wait for the successor
            wrong = self._not_now() or self._become_successor()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self._not_restarted(wrong)

    def _become_successor(self) -> str:
        """Does not return but with why it could not."""
        events.emit("server.restarting", pid=os.getpid())
        self._notifier.reloading(monotonic())
        try:
            handover.execute(self._origin, handover.collect(self._heritage(), self._asks.waiting))
        except OSError as error:
            self._notify_ready()
            return (error.strerror or str(error)).lower()
        raise AssertionError("executed, and still here")

    def _heritage(self) -> Heritage:
        rest = (self._chronicle, self._loans.turns, self._keeper, self._admin, self._measures)
        return Heritage(self._fleet, self._crew, self._plans, self._holdings, *rest)

    def _take_over(self, estate: dict[str, Any]) -> None:
        self._executed = True
        self._asks.reloading = handover.restore(estate, self._heritage(), self._hands)
        events.emit("server.restarted", pid=os.getpid(), workers=len(self._crew.workers))

    # --- generations --------------------------------------------------------------------------------------

    def _begin_reload(self, action: moves.BeginReload) -> None:
        self._origin.come_home()
        try:
            self._plans.begin(action.generation)
        except (HendrixError, OSError) as error:
            self._refuse(error)
            return
        if self._fleet.announced:
            self._notifier.reloading(monotonic())

    def _configure(self, generation: int, loaded: SettingsLoaded) -> None:
        """A template has loaded the project's settings: it is told the final options and gets the sockets."""
        if generation == self._fleet.candidate:
            try:
                self._prepare(generation, loaded)
            except (HendrixError, OSError) as error:
                self._refuse(error)
                return
        if generation not in self._plans:
            return  # last words of a template that was given up
        held, plain = self._holdings, {**to_plain(self._plans[generation]), "admin_token": ""}
        fds, secure = held.descriptors, [listener.secure for listener in held.listeners]
        message = control.Configure(plain, held.addresses, len(fds), secure, held.hub, len(fds) - len(secure))
        try:
            self._hands.send_template(generation, message, fds)
            self._keeper.offer(generation, self._plans[generation], monotonic())
        except UsageError as error:
            self._refuse(error, final=True)
        except OSError as error:  # no descriptors are left
            self._tell(moves.TemplateFailed(generation, f"cannot be given the sockets: {error.strerror}"))

    def _prepare(self, generation: int, loaded: SettingsLoaded) -> None:
        first = not self._fleet.generation
        config = self._plans.settle(generation, loaded, anything=first or self._executed)
        vaults.prepare(config)
        self._holdings.take(config)
        self._admin.serve(config, self._holdings.beside)
        self._settings = loaded.settings
        process.set_title(self._title())
        if first:
            self._tell(moves.Configured(config.workers, terms(config), config.task_workers))

    def _credentialed(self, generation: int, answer: control.Credentialed) -> None:
        try:
            self._keeper.answered(generation, answer, self._fleet.generation)
        except UsageError as error:
            self._refuse(error, final=True)

    def _refuse(self, error: HendrixError | OSError, *, final: bool = False) -> None:
        """``final``: not even a server that waits for its code to be corrected waits for this."""
        if isinstance(error, OSError):
            error = UsageError(f"the options cannot be read or used: {(error.strerror or str(error)).lower()}")
        if not self._fleet.generation and (final or not self._fleet.terms.patient):
            self._failure = error
            self._tell(moves.StopAsked(graceful=False))
        else:
            self._tell(moves.ReloadRefused(str(error)))

    def _promoted(self, action: moves.Promoted) -> None:
        before = self._plans.keep(action.generation)
        config = self._plans.current
        # What TTIN and TTOU made of it stays, unless the option was changed.
        workers = self._fleet.count if config.workers == before.workers else config.workers
        self._tell(moves.Configured(workers, terms(config), config.task_workers))
        self._executed = False
        self._renewals.serve(config)

    def _end_reload(self, action: moves.EndReload) -> None:
        self._notify_ready()
        self._chronicle.reloaded(ok=action.ok, seconds=action.seconds, summary=action.summary)
        self._asks.reloaded(Done(0 if action.ok else 3, action.summary, action.traceback, {"seconds": action.seconds}))

    def _notify_ready(self) -> None:
        self._notifier.ready(f"{self._fleet.count} workers at {', '.join(self._holdings.urls)}")

    def _announce_ready(self, action: moves.AnnounceReady) -> None:
        facts = {"workers": self._fleet.count, "settings": self._settings, "pid": os.getpid()}
        events.emit("server.ready", urls=self._holdings.urls, **facts)
        self._rooms.announce(", ".join(self._holdings.urls))

    # --- the rest -----------------------------------------------------------------------------------------

    def _release(self) -> None:
        """In a forked child: close what is the supervisor's. The selector first, as it is shared."""
        self._selector.close()
        self._signals.release()
        for one in (self._crew, self._admin, self._holdings):
            one.release()

    def _report(self, action: moves.Report) -> None:
        if action.name == "worker.died":
            self._chronicle.crashed(action.facts)
        events.emit(action.name, action.level, **action.facts)

    def _set_exit(self, action: moves.Exit) -> None:
        self._exit = action
