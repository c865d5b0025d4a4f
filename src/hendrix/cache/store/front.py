"""What a worker has of a store that is further away: answers as they were last used here, bounded by bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, Protocol, TypeVar

from hendrix.cache.entry import Stored


class Seated(Protocol):
    """What knows of an answer where it came from."""

    stored: Stored
    size: int


SeatT = TypeVar("SeatT", bound=Seated)


class Front(Generic[SeatT]):
    """By key; ``seats`` is for those who are in a hurry. What was not used longest goes first."""

    def __init__(self, limit: int) -> None:
        self.seats: OrderedDict[bytes, SeatT] = OrderedDict()
        self.limit, self.size, self.evicted = limit, 0, 0

    def take(self, seat: SeatT) -> SeatT:
        """Have it, unless it would leave little room for others."""
        key = seat.stored.key
        self.leave(key)
        if seat.size > self.limit // 2:
            return seat
        self.seats[key] = seat
        self.size += seat.size
        while self.size > self.limit:
            self.size -= self.seats.popitem(last=False)[1].size
            self.evicted += 1
        return seat

    def leave(self, key: bytes) -> None:
        """Have it no more."""
        seat = self.seats.pop(key, None)
        if seat is not None:
            self.size -= seat.size

    def clear(self) -> None:
        """Have nothing."""
        self.seats.clear()
        self.size = 0
