"""Heads that were answered a moment ago: what stands between reading one again and answering it is skipped.

Browsers ask for the same file with the same head again and again, and so do crowds of clients of one kind. A head is
compared as a whole, byte by byte, so nothing that was judged of it needs to be judged anew.
"""

from __future__ import annotations

from collections.abc import Callable

from hendrix.core.http import Request

_MOST = 512
#: Bytes of a head. What is longer need not be looked for: looking costs time for each byte.
LONGEST_HEAD = 2048
_LONGEST_BODY = 64 * 1024
#: A body below this (bytes) is cheaper to copy behind its head than to be sent beside it.
JOINED = 32 * 1024
#: Bytes of answers that are kept in one piece.
_ROOM = 4 * 1024 * 1024


class Known:
    """The answer to one head. ``until`` is in monotonic seconds.

    Where there is a ``still``, it is asked before the answer is given again (``core.exchange.Exchange.send``).
    """

    __slots__ = ("body", "head", "still", "until", "whole")

    def __init__(self, head: bytes, body: bytes, until: float, still: Callable[[], bool] | None = None) -> None:
        self.head = head
        self.body = body
        self.until = until
        self.still = still
        #: Both in one piece, once it has been asked for again.
        self.whole = b""


class KnownHeads(dict[bytes, Known]):
    """Those of one kind of connection. It is emptied twice a second, and so holds what is current."""

    __slots__ = ("_room",)

    def __init__(self) -> None:
        self._room = _ROOM

    def remember(self, head: bytes, request: Request, known: Known) -> None:
        """``head`` is that of ``request``, if nothing came with it."""
        if (
            head
            and request.repeats
            and request.method == "GET"
            and request.version == "1.1"
            and request.keep_alive
            and not request.length
            and len(head) <= LONGEST_HEAD
            and len(known.body) <= _LONGEST_BODY
        ):
            self[head] = known

    @property
    def full(self) -> bool:
        """Nothing more is remembered until it is emptied."""
        return len(self) >= _MOST

    def join(self, known: Known) -> bytes:
        """Head and body in one piece; empty where they are better sent as two."""
        size = len(known.head) + len(known.body)
        if size < JOINED and size <= self._room:
            self._room -= size
            known.whole = known.head + known.body
        return known.whole

    def clear(self) -> None:
        """Forget all of them."""
        super().clear()
        self._room = _ROOM
