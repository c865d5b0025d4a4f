"""Those who are ahead of us: they come from another machine, and have heard there what arrives here only now. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from hendrix.hub.message import Id

MOST = 10_000
PATIENCE = 2.0
"""Seconds after which an id that is still not known here is taken for one of another hub."""


class Peer(Protocol):
    """Who asked."""

    def subscribe_now(self, number: int, facts: dict[str, Any]) -> None:
        """It need wait no more."""


class _Waits(NamedTuple):
    since: Id
    until: float
    peer: Peer
    number: int
    facts: dict[str, Any]


class Ahead:
    """Their subscriptions, until what they have heard is known here too."""

    def __init__(self) -> None:
        self._waiting: list[_Waits] = []

    def hold(self, peer: Peer, number: int, facts: dict[str, Any], since: Id, now: float) -> bool:
        """False: there are too many."""
        if len(self._waiting) >= MOST:
            return False
        self._waiting.append(_Waits(since, now + PATIENCE, peer, number, facts))
        return True

    def forget(self, peer: Peer, topic: str | None = None) -> None:
        """It does not want it any more: that topic, or any."""
        if self._waiting:
            self._waiting = [
                one for one in self._waiting if one.peer is not peer or topic not in (None, one.facts["topic"])
            ]

    def look(self, latest: Id, now: float, *, behind: bool = False) -> None:
        """``latest`` is known by now. ``behind``: others may know more, whom we do not hear yet: time says nothing."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if one.since <= latest or (one.until <= now and not behind):
                one.peer.subscribe_now(one.number, one.facts)
            else:
                self._waiting.append(one)
