"""The processes that live and the channels to them: who speaks at which descriptor, who had which pid.

It decides nothing. What a peer says is handed to the ``hear`` that came with it; a channel's end as ``None``.
"""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field

from hendrix.core.control import Message, Vitals
from hendrix.supervisor.channel import Channel
from hendrix.supervisor.stacks import Stacks

Hear = Callable[[Message | None], None]


@dataclass(slots=True)
class Member:
    """A process of ours: its channel, and its pid once that is known.

    ``fault`` says why it will end, where that is known; ``killed``: we sent SIGKILL. ``enclosed`` are the descriptors
    that came with what it says just now; those that nobody takes from there are closed.
    """

    channel: Channel
    hear: Hear
    pid: int | None = None
    watched: int = 0
    stacks: Stacks = field(default_factory=Stacks)
    vitals: Vitals | None = None
    heard: float = 0.0
    fault: str = ""
    killed: bool = False
    enclosed: list[int] = field(default_factory=list)


class Crew:
    """All members, watched by one selector."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self.templates: dict[int, Member] = {}
        self.watcher: Member | None = None
        #: By name (``attendant``).
        self.aides: dict[str, Member] = {}
        self.workers: dict[int, Member] = {}
        self._selector = selector
        self._unclaimed: dict[int, int] = {}

    def join(self, member: Member) -> Member:
        """Watch the member's channel from now on."""
        self._watch(member)
        return member

    def send(self, member: Member, message: Message, fds: tuple[int, ...] = ()) -> None:
        """Say something. A peer that is lost is heard as ``None``."""
        heard_before = member.channel.ended
        member.channel.send(message, fds)
        self._watch(member)
        if member.channel.ended and not heard_before:
            member.hear(None)

    def finish(self, member: Member) -> None:
        """Let the member see the end of its channel."""
        member.channel.finish()
        self._watch(member)

    def turn(self, member: Member, mask: int) -> None:
        """The selector says that the member's channel can be read or written."""
        if member.channel.ended:
            return  # by what an earlier one said in the same round
        if mask & selectors.EVENT_WRITE:
            member.channel.flush()
        self.listen(member)

    def listen(self, member: Member) -> None:
        """Hear all that the member has said so far."""
        if not member.channel.ended:
            self._hear(member)

    def leave(self, member: Member) -> None:
        """Close the member's channel."""
        self._unwatch(member)
        member.channel.close()
        member.stacks.close()

    def forget_worker(self, worker: int) -> None:
        """Close the worker's channel and drop its entry, if it has one."""
        if member := self.workers.pop(worker, None):
            self.leave(member)
        if not self._unborn():
            self._unclaimed.clear()

    def named(self, pid: int) -> int | None:
        """The worker that is process ``pid``."""
        return next((worker for worker, member in self.workers.items() if member.pid == pid), None)

    def generation_of(self, pid: int) -> int | None:
        """The generation whose template is process ``pid``."""
        return next((number for number, member in self.templates.items() if member.pid == pid), None)

    def keep_unclaimed(self, pid: int, status: int) -> None:
        """A stranger ended. It may be a worker whose pid we are about to be told."""
        if self._unborn():
            self._unclaimed[pid] = status

    def claim(self, worker: int, pid: int) -> int | None:
        """Note the worker's pid. Returns its wait status if it has already ended."""
        self.workers[worker].pid = pid
        status = self._unclaimed.pop(pid, None)
        if not self._unborn():
            self._unclaimed.clear()  # the numbers will be used again
        return status

    def members(self) -> list[Member]:
        """Everyone."""
        watcher = [self.watcher] if self.watcher else []
        return [*self.workers.values(), *self.templates.values(), *watcher, *self.aides.values()]

    def release(self) -> None:
        """Close our ends in a forked child; the selector has been closed before."""
        for member in self.members():
            member.channel.close()
            member.stacks.close()

    def _hear(self, member: Member) -> None:
        for message, enclosed in member.channel.receive():
            member.enclosed = enclosed
            member.hear(message)
            while member.enclosed:
                os.close(member.enclosed.pop())
        self._watch(member)
        if member.channel.ended:
            member.hear(None)

    def _unborn(self) -> bool:
        return any(member.pid is None for member in self.workers.values())

    def _watch(self, member: Member) -> None:
        write = selectors.EVENT_WRITE if member.channel.wants_write else 0
        wanted = 0 if member.channel.ended else selectors.EVENT_READ | write
        if wanted == member.watched:
            return
        if not wanted:
            self._unwatch(member)
            return
        change = self._selector.modify if member.watched else self._selector.register
        change(member.channel, wanted, lambda mask: self.turn(member, mask))
        member.watched = wanted

    def _unwatch(self, member: Member) -> None:
        if member.watched:
            self._selector.unregister(member.channel)
            member.watched = 0
