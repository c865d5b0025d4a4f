"""The process that renews certificates, seen from its parent: there while the options name domains."""

from __future__ import annotations

import os
import socket
from typing import Any

from hendrix.core import control
from hendrix.core.config import OPTIONS, Config
from hendrix.core.console import Done
from hendrix.core.control import Message
from hendrix.supervisor import identity, process
from hendrix.supervisor.attendant import Attendant, Begin
from hendrix.supervisor.console import Asker
from hendrix.supervisor.crew import Crew, Member
from hendrix.supervisor.fleet import Fleet
from hendrix.supervisor.keeper import Keeper
from hendrix.supervisor.rooms import Renewer


class Renewals:
    """``rows`` are the facts of the certificates, as last told; the keeper is told when there are new ones."""

    def __init__(self, crew: Crew, keeper: Keeper, fleet: Fleet, renewer: Renewer | None) -> None:
        self._keeper, self._fleet, self._renewer = keeper, fleet, renewer
        self.process: Attendant[Config] = Attendant(
            crew, "renewer", "certificates", self._launch, self._hear, self._gone
        )
        self._clients: list[tuple[Asker, set[str], list[str]]] = []
        self.rows: list[dict[str, Any]] = []

    def serve(self, config: Config) -> None:
        """These options count from now on."""
        self.process.want(_wish(config) if config.domains and self._renewer else None)

    # --- what is asked ------------------------------------------------------------------------------------

    def renew(self, client: Asker, names: list[str]) -> None:
        """Somebody wants certificates renewed now; all, where none is named."""
        wanted = names or [row["name"] for row in self.rows]
        if not self.process.there or not wanted:
            why = "this server gets no certificates by itself; start it with --domain"
            client.done(Done(1, "the process that renews is not there; try again" if self.process.wanted else why))
            return
        self._clients.append((client, set(wanted), []))
        self.process.send(control.Renew(wanted))

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

    def _launch(self, config: Config, begin: Begin) -> Member:
        return begin(self._work(config))

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

    def _gone(self) -> None:
        for client, _, _ in self._clients:
            client.done(Done(1, "the process that renews has ended meanwhile"))
        self._clients.clear()

    def _hear(self, message: Message | None) -> None:
        match message:
            case control.Certificates(rows):
                before, self.rows = self.rows, rows
                if before and _versions(rows) != _versions(before):
                    self._keeper.look(self._fleet.generation)
            case control.Renewed(name, error):
                self._renewed(name, error)
            case _:
                pass


def _wish(config: Config) -> Config:
    """What matters to it: whatever else is changed, it goes on with what it is about."""
    names = [name for name, option in OPTIONS.items() if option.group == "certificates" or name in ("user", "group")]
    return Config(**{name: getattr(config, name) for name in names})


def _versions(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["name"], row["issuer"], row["issued"], row["expires"]) for row in rows]
