"""Who is there: the members of each topic, over all processes that vouch for them. Pure: time is an argument.

A member is a name (of a user, say) that somebody vouches for: each process for those whose sockets it has. Whoever
has two windows open in two workers is there once, and leaves with the last of them. A departure is announced a moment
later than it happens: who only loads the page anew, or moves to another worker in a reload, has not been away.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from hendrix.hub.message import HubError

Voucher = TypeVar("Voucher", bound=Hashable)

LINGER = 2.0
"""Seconds between a departure and the announcement of it."""
LONGEST_MEMBER = 255
"""Characters of a member's name."""
LARGEST_ABOUT = 4096
"""Bytes of what is told of a member, as JSON."""


class Crowded(HubError):
    """More members than a topic, or a hub, has room for."""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody came (``about`` is what is told of them), or left."""

    topic: str
    member: str
    joined: bool
    about: Any = None


@dataclass(slots=True)
class _Member(Generic[Voucher]):
    about: Any
    #: Who vouches, and how often.
    vouchers: dict[Voucher, int] = field(default_factory=dict)
    #: When the departure is to be announced.
    leaves_at: float | None = None


class Presence(Generic[Voucher]):
    """The table. Feed it what happens, and ``expire`` at ``deadline()``."""

    def __init__(self, most_members: int = 1_000_000, most_each: int = 100_000, linger: float = LINGER) -> None:
        self._most_members, self._most_each, self._linger = most_members, most_each, linger
        self._topics: dict[str, dict[str, _Member[Voucher]]] = {}
        self._vouched: dict[Voucher, dict[tuple[str, str], None]] = {}
        self._leaving: dict[tuple[str, str], float] = {}
        self._count = 0

    def join(self, topic: str, member: str, voucher: Voucher, about: Any = None) -> Change | None:
        """``voucher`` says that ``member`` is there, once more. Raises ``Crowded``."""
        members = self._topics.get(topic, {})
        found = members.get(member)
        if found is None:
            if len(members) >= self._most_each or self._count >= self._most_members:
                raise Crowded(f"there is no room for more members in {topic!r:.80}")
            found = self._topics.setdefault(topic, {})[member] = _Member(about)
            self._count += 1
            change: Change | None = Change(topic, member, joined=True, about=about)
        else:
            change = Change(topic, member, joined=True, about=about) if about != found.about else None
            found.about = about
        self._leaving.pop((topic, member), None)
        found.leaves_at = None
        found.vouchers[voucher] = found.vouchers.get(voucher, 0) + 1
        self._vouched.setdefault(voucher, {})[topic, member] = None
        return change

    def leave(self, topic: str, member: str, voucher: Voucher, now: float) -> None:
        """One of the reasons why ``voucher`` said so is gone."""
        found = self._topics.get(topic, {}).get(member)
        if found is None or voucher not in found.vouchers:
            return
        found.vouchers[voucher] -= 1
        if not found.vouchers[voucher]:
            self._withdraw(topic, member, found, voucher, now)

    def lose(self, voucher: Voucher, now: float) -> None:
        """The voucher is gone; perhaps it comes back at once."""
        for topic, member in list(self._vouched.get(voucher, ())):
            self._withdraw(topic, member, self._topics[topic][member], voucher, now)

    def _withdraw(self, topic: str, member: str, found: _Member[Voucher], voucher: Voucher, now: float) -> None:
        del found.vouchers[voucher]
        own = self._vouched[voucher]
        del own[topic, member]
        if not own:
            del self._vouched[voucher]
        if not found.vouchers:
            found.leaves_at = self._leaving[topic, member] = now + self._linger

    def expire(self, now: float) -> list[Change]:
        """Those who are gone for good by now."""
        # In the order of their departure, which is that of the moments: each waits equally long.
        gone: list[Change] = []
        for (topic, member), moment in self._leaving.items():
            if moment > now:
                break
            gone.append(Change(topic, member, joined=False))
        for change in gone:
            del self._leaving[change.topic, change.member]
            members = self._topics[change.topic]
            del members[change.member]
            self._count -= 1
            if not members:
                del self._topics[change.topic]
        return gone

    def deadline(self) -> float | None:
        """When ``expire`` matters next."""
        return next(iter(self._leaving.values()), None)

    def members(self, topic: str) -> dict[str, Any]:
        """Who is there, and what is told of them."""
        return {name: member.about for name, member in self._topics.get(topic, {}).items()}
