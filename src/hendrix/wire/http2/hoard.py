"""What waits for peers that take nothing of it, in the memory of all connections together.

Over HTTP/1.1 one answer waits on a connection; here it is one for each stream, and who opens no window has them made
at no cost of its own. As long as there is room for that, a peer has the time that any other has (the write timeout).
Where there is none, the idle ones go at once.
"""

from __future__ import annotations

from collections.abc import Collection

#: Bytes that may wait in vain, beside one answer for each connection.
MOST = 32 * 1024 * 1024
#: Seconds without progress after which a peer is idle: by its windows, or because it (or the network) takes no bytes.
_SHUT, _STUCK = 1.0, 5.0


class Hoards:
    """Those of all connections."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0


class Hoard:
    """That of one. ``rate``: bytes per second that are progress."""

    __slots__ = ("_all", "_rate", "_share", "_since", "_taken")

    def __init__(self, hoards: Hoards, rate: float, now: float) -> None:
        self._all = hoards
        self._rate = rate
        self._share = 0
        self._since = now
        self._taken = 0

    def weigh(self, waiting: Collection[int], taken: int, now: float, *, stuck: bool) -> bool:
        """``waiting``: bytes for each stream; ``taken``: bytes of bodies that have left us. True: it is too much.

        ``stuck``: it is not by its windows that the peer takes nothing.
        """
        if not waiting or taken - self._taken > self._rate * (now - self._since):
            self._since, self._taken = now, taken
        idle = now - self._since >= (_STUCK if stuck else _SHUT)
        self._count(sum(waiting) - max(waiting) if idle else 0)
        if not self._share or self._all.total <= MOST:
            return False
        self.leave()
        return True

    def leave(self) -> None:
        """The connection has nothing that waits any more."""
        self._count(0)

    def _count(self, share: int) -> None:
        self._all.total += share - self._share
        self._share = share
