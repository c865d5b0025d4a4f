"""What workers ask the parent process for besides their life: ports of their own, and the turn of what runs once."""

from __future__ import annotations

import os
import socket

from hendrix.core import control
from hendrix.core.control import Message
from hendrix.supervisor.crew import Crew, Member
from hendrix.supervisor.fleet import Fleet
from hendrix.supervisor.lending import Lending, Place
from hendrix.supervisor.plans import Plans
from hendrix.supervisor.turns import Turns


class Loans:
    """Answers at once. Who is gone is noticed by ``look``, after every turn of the loop."""

    def __init__(self, fleet: Fleet, crew: Crew, plans: Plans, lending: Lending) -> None:
        self._fleet, self._crew, self._plans = fleet, crew, plans
        self.lending = lending
        self.turns = Turns()

    def worker_asks(self, worker: int, message: Message) -> None:
        """``Borrow``, ``GiveBack``, ``AskTurn`` or ``EndTurn``."""
        member = self._crew.workers.get(worker)
        if member is None:
            return
        match message:
            case control.AskTurn():
                self.turns.ask(worker)
                self._grant()
                if self.turns.holder != worker:
                    self._crew.send(member, control.Turn(yours=False))
            case control.EndTurn():
                self.turns.end(worker)
                self._grant()
            case _:
                told = worker in self._fleet.workers and self._fleet.workers[worker].told
                self._port(member, worker, message, leaving=told)

    def template_asks(self, generation: int, message: Message) -> None:
        """``Borrow`` or ``GiveBack``, at import."""
        if member := self._crew.templates.get(generation):
            self._port(member, -generation, message, leaving=False)

    def look(self, now: float) -> None:
        """Notice who is gone."""
        self.lending.look(now, self._lives)
        self._grant()

    def deadline(self) -> float | None:
        """When ``look`` matters next."""
        return self.lending.deadline()

    def _lives(self, borrower: int) -> bool:
        if borrower > 0:
            return borrower in self._fleet.workers
        return -borrower in self._fleet.templates or any(self._fleet.workers.of(-borrower))

    def _grant(self) -> None:
        heir = self.turns.look(self._fleet.workers, self._fleet.generation)
        if heir is not None and (member := self._crew.workers.get(heir)):
            self._crew.send(member, control.Turn(yours=True))

    # --- ports --------------------------------------------------------------------------------------------

    def _port(self, member: Member, borrower: int, message: Message, *, leaving: bool) -> None:
        if isinstance(message, control.Borrow) and member.enclosed:
            with socket.socket(fileno=member.enclosed.pop()) as reply:
                reply.setblocking(False)
                self._lend(reply, borrower, message)
        elif isinstance(message, control.GiveBack) and not leaving:  # its successor goes on there
            self.lending.give_back(Place(message.kind, message.host, message.port), borrower)

    def _lend(self, reply: socket.socket, borrower: int, asked: control.Borrow) -> None:
        # What the project's user may not do, the parent does not do for it.
        privileged = not self._plans.current.user or os.geteuid() != 0
        place = Place(asked.kind, asked.host, asked.port)
        try:
            sock = self.lending.borrow(place, asked.backlog, borrower, privileged=privileged)
            said, fds = b"0", [sock.fileno()]
        except OSError as error:
            said, fds = f"{error.errno or 0} {error.strerror or error}".encode(), []
        try:
            socket.send_fds(reply, [said], fds)
        except OSError:
            pass  # who asked is gone
