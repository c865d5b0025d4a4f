"""A request's body that is taken piece by piece, as it arrives."""

from __future__ import annotations

from collections.abc import Callable

#: So much may wait for whoever reads it; then the peer has to.
_AHEAD = 64 * 1024

Done = Callable[[bytes, bool], None]


class Inflow:
    """Between the connection, which puts, and the answer, which pulls."""

    __slots__ = ("_ended", "_pieces", "_waiting", "_wanted", "size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._wanted: Done | None = None
        self._ended = False
        #: All bytes so far.
        self.size = 0

    @property
    def full(self) -> bool:
        """Is more waiting than should?"""
        return self._waiting > _AHEAD

    def put(self, data: bytes) -> None:
        """A piece has arrived."""
        self.size += len(data)
        self._pieces.append(data)
        self._waiting += len(data)

    def end(self) -> None:
        """It was the last one."""
        self._ended = True

    def pull(self, done: Done) -> None:
        """Give what is there to ``done``, at the next ``settle``."""
        self._wanted = done

    def rest(self) -> bytes:
        """Give up what is there."""
        pieces, self._pieces = self._pieces, []
        self._waiting = 0
        return b"".join(pieces)

    def settle(self) -> None:
        """Give what is there to who asked for it, once it is something."""
        done = self._wanted
        if done is not None and (self._pieces or self._ended):
            self._wanted = None
            pieces, self._pieces = self._pieces, []
            self._waiting = 0
            done(pieces[0] if len(pieces) == 1 else b"".join(pieces), self._ended)
