"""Channels that hold what was sent to them until it is fetched, and groups of them. Pure: time is an argument.

As Channels wants them: each message goes to one of those who fetch, a channel holds so many and no more, what nobody
fetches in time is gone, and so is membership of a group. ``Counter`` is the relay's, where all processes of a machine
leave and fetch what is for none of them in particular; each process has a ``Mail`` for what is for itself.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from typing import Any, NamedTuple

from hendrix.hub.message import HubError

MOST_CHANNELS = 100_000
MOST_BYTES = 64 << 20
MOST_MEMBERS = 1_000_000
"""Of all groups together."""
_SWEEP = 5.0


class Put(NamedTuple):
    """Which channels took a message, and which were full."""

    taken: list[str]
    full: list[str]


class Mail:
    """The table. ``HubError`` is raised where it is full as a whole."""

    def __init__(self, most_channels: int = MOST_CHANNELS, most_bytes: int = MOST_BYTES) -> None:
        self._most_channels, self._most_bytes = most_channels, most_bytes
        #: When each message expires, and the message.
        self._waiting: dict[str, deque[tuple[float, bytes]]] = {}
        self._bytes = 0
        #: Until when each channel is in a group, and how much it holds.
        self._groups: dict[str, OrderedDict[str, tuple[float, int]]] = {}
        self._members = 0
        self._swept = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def groups(self) -> list[str]:
        """Those that have members."""
        return list(self._groups)

    def has(self, group: str) -> bool:
        """Has it members?"""
        return group in self._groups

    def put(self, channel: str, data: bytes, now: float, capacity: int, expiry: float) -> bool:
        """False: the channel is full. Raises ``HubError``."""
        self._sweep(now)
        waiting = self._waiting.get(channel)
        if waiting is not None:
            self._expire(waiting, now)
            if len(waiting) >= capacity:
                return False
        elif len(self._waiting) >= self._most_channels:
            raise HubError(f"messages wait in {self._most_channels} channels: does nobody fetch them?")
        if self._bytes + len(data) > self._most_bytes:
            raise HubError(f"{self._most_bytes} bytes of messages wait in channels: does nobody fetch them?")
        self._waiting.setdefault(channel, deque()).append((now + expiry, data))
        self._bytes += len(data)
        return True

    def take(self, channel: str, now: float) -> bytes | None:
        """The oldest message that waits there."""
        self._sweep(now)
        waiting = self._waiting.get(channel)
        if waiting is None:
            return None
        self._expire(waiting, now)
        data = waiting.popleft()[1] if waiting else None
        self._bytes -= len(data or b"")
        if not waiting:
            del self._waiting[channel]
        return data

    def join(self, group: str, channel: str, now: float, capacity: int, expiry: float) -> None:
        """``channel`` is in the group, from now on for so long. Raises ``HubError``."""
        self._sweep(now)
        members = self._groups.get(group, OrderedDict())
        if channel not in members:
            if self._members >= MOST_MEMBERS:
                raise HubError(f"the groups have {MOST_MEMBERS} members; there is no room for more")
            self._members += 1
        members[channel] = now + expiry, capacity
        members.move_to_end(channel)
        self._groups[group] = members

    def leave(self, group: str, channel: str) -> None:
        """It is not."""
        members = self._groups.get(group)
        if members is not None and members.pop(channel, None) is not None:
            self._members -= 1
            if not members:
                del self._groups[group]

    def put_group(self, group: str, data: bytes, now: float, expiry: float) -> Put:
        """To each of its members; those that are full miss it."""
        put = Put([], [])
        for channel, (until, capacity) in list(self._groups.get(group, {}).items()):
            if until < now:
                self.leave(group, channel)
            elif self.put(channel, data, now, capacity, expiry):
                put.taken.append(channel)
            else:
                put.full.append(channel)
        return put

    def flush(self, prefix: str = "") -> None:
        """Forget all channels and groups whose names begin like that."""
        for channel in [channel for channel in self._waiting if channel.startswith(prefix)]:
            self._bytes -= sum(len(data) for _, data in self._waiting.pop(channel))
        for group in [group for group in self._groups if group.startswith(prefix)]:
            self._members -= len(self._groups.pop(group))

    def _expire(self, waiting: deque[tuple[float, bytes]], now: float) -> None:
        # Nearly in order: channels are used with one expiry.
        while waiting and waiting[0][0] < now:
            self._bytes -= len(waiting.popleft()[1])

    def _sweep(self, now: float) -> None:
        """From time to time: what expired where nobody comes any more."""
        if now < self._swept + _SWEEP:
            return
        self._swept = now
        for channel, waiting in list(self._waiting.items()):
            self._expire(waiting, now)
            if not waiting:
                del self._waiting[channel]
        for group, members in list(self._groups.items()):
            for channel in [channel for channel, (until, _) in members.items() if until < now]:
                self.leave(group, channel)


class Counter:
    """A ``Mail`` as a service: a line of JSON that says what to do, then the message."""

    def __init__(self) -> None:
        self._mail = Mail()

    def __call__(self, request: bytes, now: float) -> bytes:
        """See ``services``."""
        head, _, data = request.partition(b"\n")
        said = json.loads(head)
        return getattr(self, f"_{_WORDS[said['do']]}")(said, data, now)  # type: ignore[no-any-return]

    def _put(self, said: dict[str, Any], data: bytes, now: float) -> bytes:
        return _json(self._mail.put(said["channel"], data, now, said["capacity"], said["expiry"]))

    def _take(self, said: dict[str, Any], _: bytes, now: float) -> bytes:
        found = self._mail.take(said["channel"], now)
        return b"" if found is None else b"+" + found

    def _join(self, said: dict[str, Any], _: bytes, now: float) -> bytes:
        self._mail.join(said["group"], said["channel"], now, said["capacity"], said["expiry"])
        return b"null"

    def _leave(self, said: dict[str, Any], _: bytes, now: float) -> bytes:
        self._mail.leave(said["group"], said["channel"])
        return b"null"

    def _put_group(self, said: dict[str, Any], data: bytes, now: float) -> bytes:
        return _json(self._mail.put_group(said["group"], data, now, said["expiry"]))

    def _flush(self, said: dict[str, Any], _: bytes, now: float) -> bytes:
        self._mail.flush(said["prefix"])
        return b"null"


_WORDS = {word: word for word in ("put", "take", "join", "leave", "put_group", "flush")}


def request(do: str, data: bytes = b"", **said: Any) -> bytes:
    """What ``Counter`` is asked."""
    return _json({"do": do, **said}) + b"\n" + data


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
