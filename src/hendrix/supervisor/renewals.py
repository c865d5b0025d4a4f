"""The process that renews certificates, seen from its parent: there while the options name domains."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from time import monotonic
from typing import Any

from hendrix.core import control, events
from hendrix.core.config import OPTIONS, Config
from hendrix.core.console import Done
from hendrix.core.control import Message
from hendrix.supervisor import identity, process
from hendrix.supervisor.aide import Aide, Do
from hendrix.supervisor.console import Asker
from hendrix.supervisor.crew import Crew, Hear, Member
from hendrix.supervisor.fleet import Fleet
from hendrix.supervisor.keeper import Keeper
from hendrix.supervisor.rooms import Renewer


class Renewals:
    """``rows`` are the facts of the certificates, as last told; the keeper is told when there are new ones."""

    fork: Callable[[str, Callable[[int], process.Work], Hear], Member]
    """How a process is made; to be given before the first is wanted."""

    def __init__(self, crew: Crew, keeper: Keeper, fleet: Fleet, renewer: Renewer | None) -> None:
        self._crew, self._keeper, self._fleet, self._renewer = crew, keeper, fleet, renewer
        self._aide: Aide[Config] = Aide()
        self._clients: list[tuple[Asker, set[str], list[str]]] = []
        self.rows: list[dict[str, Any]] = []

    def serve(self, config: Config) -> None:
        """These options count from now on."""
        self._act(self._aide.want(_wish(config) if config.domains and self._renewer else None, monotonic()))

    def end(self) -> None:
        """The server is stopping."""
        self._act(self._aide.want(None, monotonic()))

    def look(self, now: float) -> None:
        """Time has passed."""
        self._act(self._aide.tick(now))

    def deadline(self) -> float | None:
        """When ``look`` matters next."""
        return self._aide.deadline()

    def reaped(self, pid: int, status: int) -> bool:
        """A child has ended. Was it this one?"""
        member = self._crew.renewer
        if member is None or member.pid != pid:
            return False
        self._crew.listen(member)
        self._crew.leave(member)
        self._crew.renewer = None
        self._gone(process.describe(status), member.fault)
        return True

    def reopen_logs(self) -> None:
        """Log files have been moved away."""
        self._send(control.ReopenLogs())

    # --- what is asked ------------------------------------------------------------------------------------

    def renew(self, client: Asker, names: list[str]) -> None:
        """Somebody wants certificates renewed now; all, where none is named."""
        wanted = names or [row["name"] for row in self.rows]
        if self._crew.renewer is None or not wanted:
            why = "this server gets no certificates by itself; start it with --domain"
            client.done(Done(1, "the process that renews is not there; try again" if self._aide.wish else why))
            return
        self._clients.append((client, set(wanted), []))
        self._send(control.Renew(wanted))

    def _renewed(self, name: str, error: str) -> None:
        for waiting in list(self._clients):
            client, names, errors = waiting
            if name in names:
                names.discard(name)
                client.say(f"{name}: {error or 'renewed'}")
                errors += [f"{name}: {error}"] if error else []
            if not names:
                self._clients.remove(waiting)
                client.done(Done(1 if errors else 0, "; ".join(errors)))

    # --- the process --------------------------------------------------------------------------------------

    def _act(self, actions: list[Do]) -> None:
        for action in actions:
            match action:
                case Do.START:
                    self._start()
                case Do.END if self._crew.renewer:
                    self._crew.finish(self._crew.renewer)
                case Do.KILL if self._crew.renewer and self._crew.renewer.pid is not None:
                    process.send_signal(self._crew.renewer.pid, signal.SIGKILL)
                case _:
                    pass

    def _start(self) -> None:
        config = self._aide.has
        assert config is not None
        work = self._work(config)
        try:
            self._crew.renewer = self.fork("hendrix: certificates", lambda stacks: work, self._hear)
        except OSError as error:
            self._gone(f"cannot be started: {error.strerror}", "")

    def _work(self, config: Config) -> process.Work:
        def work(channel: socket.socket) -> None:
            assert self._renewer
            parent = os.getppid()
            run = self._renewer(config)
            if owner := identity.find(config.user, config.group):
                identity.become(owner)
                process.die_with(parent)  # the kernel forgets it with a change of user
            run(channel)

        return work

    def _gone(self, status: str, reason: str) -> None:
        wanted = self._aide.has == self._aide.wish
        actions = self._aide.died(monotonic())
        for client, _, _ in self._clients:
            client.done(Done(1, "the process that renews has ended meanwhile"))
        self._clients.clear()
        if wanted and not actions:
            facts = {"status": status, "again_in": self._aide.again_in, **({"reason": reason} if reason else {})}
            events.emit("renewer.died", events.ERROR, **facts)
        self._act(actions)

    def _hear(self, message: Message | None) -> None:
        match message:
            case control.Certificates(rows):
                before, self.rows = self.rows, rows
                if before and _versions(rows) != _versions(before):
                    self._keeper.look(self._fleet.generation)
            case control.Renewed(name, error):
                self._renewed(name, error)
            case control.LoadFailed(summary) if self._crew.renewer:
                self._crew.renewer.fault = summary
            case _:
                pass

    def _send(self, message: Message) -> None:
        if self._crew.renewer:
            self._crew.send(self._crew.renewer, message)


def _wish(config: Config) -> Config:
    """What matters to it: whatever else is changed, it goes on with what it is about."""
    names = [name for name, option in OPTIONS.items() if option.group == "certificates" or name in ("user", "group")]
    return Config(**{name: getattr(config, name) for name in names})


def _versions(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["name"], row["issuer"], row["issued"], row["expires"]) for row in rows]
