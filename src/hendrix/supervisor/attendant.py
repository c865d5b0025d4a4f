"""The process of an aide: begun, heard, ended and begun anew as ``aide`` decides."""

from __future__ import annotations

import signal
from collections.abc import Callable
from time import monotonic
from typing import Generic

from hendrix.core import control, events
from hendrix.core.control import Message
from hendrix.supervisor import process
from hendrix.supervisor.aide import Aide, Do, Wish
from hendrix.supervisor.crew import Crew, Hear, Member

Begin = Callable[[process.Work], Member]
"""Forks a process that does this work, and watches its channel. Raises ``OSError``."""


class Attendant(Generic[Wish]):
    """One kind of process, called ``name`` where its death is told; there is one of it at the most.

    ``launch`` is given the wish, and how a process is begun; ``hear`` what the process says; ``gone`` is called when
    it is there no more. Without a ``fork``, which is to be given before the first is wanted, there is none.
    """

    fork: Callable[[str, Callable[[int], process.Work], Hear], Member]

    def __init__(
        self,
        crew: Crew,
        name: str,
        title: str,
        launch: Callable[[Wish, Begin], Member],
        hear: Hear,
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        self._crew, self._name, self._title = crew, name, title
        self._launch, self._tell, self._on_gone = launch, hear, gone
        self._aide: Aide[Wish] = Aide()

    @property
    def _member(self) -> Member | None:
        return self._crew.aides.get(self._name)

    @property
    def there(self) -> bool:
        """Is there a process?"""
        return self._member is not None

    @property
    def wanted(self) -> bool:
        """Should there be one?"""
        return self._aide.wish is not None

    def want(self, wish: Wish | None) -> None:
        """From now on this is wanted; ``None``: nothing."""
        self._act(self._aide.want(wish, monotonic()))

    def want_later(self, wish: Wish) -> None:
        """The same, begun by the next ``look``."""
        self._aide.wish = wish

    def look(self, now: float) -> None:
        """Time has passed."""
        self._act(self._aide.tick(now))

    def deadline(self) -> float | None:
        """When ``look`` matters next."""
        return self._aide.deadline()

    def reaped(self, pid: int, status: int) -> bool:
        """A child has ended. Was it this one?"""
        member = self._member
        if member is None or member.pid != pid:
            return False
        self._crew.listen(member)
        self._crew.leave(member)
        del self._crew.aides[self._name]
        self._gone(process.describe(status), member.fault)
        return True

    def send(self, message: Message) -> None:
        """Say something, where there is somebody to hear it."""
        if member := self._member:
            self._crew.send(member, message)

    def _act(self, actions: list[Do]) -> None:
        for action in actions:
            member = self._member
            if action is Do.START:
                self._start()
            elif action is Do.END and member:
                self._crew.finish(member)
            elif action is Do.KILL and member and member.pid is not None:
                process.send_signal(member.pid, signal.SIGKILL)

    def _start(self) -> None:
        wish = self._aide.has
        assert wish is not None
        try:
            self._crew.aides[self._name] = self._launch(wish, self._begin)
        except OSError as error:
            self._gone(f"cannot be started: {error.strerror}", "")

    def _begin(self, work: process.Work) -> Member:
        return self.fork(f"hendrix: {self._title}", lambda stacks: work, self._hear)

    def _hear(self, message: Message | None) -> None:
        member = self._member
        if isinstance(message, control.LoadFailed) and member:
            member.fault = message.summary
        else:
            self._tell(message)

    def _gone(self, status: str, reason: str) -> None:
        wanted = self._aide.has == self._aide.wish
        actions = self._aide.died(monotonic())
        self._on_gone()
        if wanted and not actions:
            facts = {"status": status, "again_in": self._aide.again_in, **({"reason": reason} if reason else {})}
            events.emit(f"{self._name}.died", events.ERROR, **facts)
        self._act(actions)
