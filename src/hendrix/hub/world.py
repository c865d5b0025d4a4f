"""Who is present on several machines, by what each of them says of its own. Pure: time is an argument.

A machine announces departures late already (``presence``), so here they are told at once.
"""

from __future__ import annotations

from typing import Any

from hendrix.core.events import WARNING, emit
from hendrix.hub.presence import Change, Crowded, Presence

Members = dict[tuple[str, str], Any]


class World:
    """The table. What is returned are the changes that those who watch are to be told."""

    def __init__(self) -> None:
        self._presence: Presence[str] = Presence(linger=0.0)
        self._said: dict[str, Members] = {}

    @property
    def machines(self) -> list[str]:
        """Those that have said something."""
        return list(self._said)

    def of(self, machine: str) -> Members:
        """Topics, members, and what is told of them: as that machine says."""
        return self._said.get(machine, {})

    def members(self, topic: str) -> dict[str, Any]:
        """Who is there, wherever."""
        return self._presence.members(topic)

    def change(self, machine: str, change: Change, now: float) -> list[Change]:
        """``machine`` says that somebody came or left. Said twice it is nothing new."""
        said, key = self._said.setdefault(machine, {}), (change.topic, change.member)
        if not change.joined:
            if key not in said:
                return []
            del said[key]
            self._presence.leave(change.topic, change.member, machine, now)
            return self._presence.expire(now)
        if key in said:
            if said[key] == change.about:
                return []
            self._presence.leave(change.topic, change.member, machine, now)
        try:
            told = self._presence.join(change.topic, change.member, machine, change.about)
        except Crowded as error:
            emit("hub.crowded", WARNING, reason=str(error))
            return self._presence.expire(now)
        said[key] = change.about
        return [told] if told else []

    def replace(self, machine: str, members: Members, now: float) -> list[Change]:
        """That is all that ``machine`` says."""
        gone = [key for key in self.of(machine) if key not in members]
        changes = [Change(topic, member, joined=False) for topic, member in gone]
        changes += [Change(topic, member, joined=True, about=about) for (topic, member), about in members.items()]
        self._said.setdefault(machine, {})
        return [told for change in changes for told in self.change(machine, change, now)]

    def lose(self, machine: str, now: float) -> list[Change]:
        """It says nothing any more."""
        told = self.replace(machine, {}, now)
        self._said.pop(machine, None)
        return told
