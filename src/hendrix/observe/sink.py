"""Where lines go: a file, pipe, terminal or socket that several processes may share.

Lines leave whole and in order, many in one ``write`` to a file opened with ``O_APPEND``. What cannot be written now
(the disk is full, the reader is slow or gone) waits, up to a limit; past it lines are lost and counted. Nothing
here waits for a reader or raises into the caller.
"""

from __future__ import annotations

import errno
import time
from contextlib import suppress

from hendrix.observe.outlet import Outlet, open_file, open_standard

_LIMIT = 1 << 20


class Sink:
    """Lines to ``path``, or to the standard descriptor ``standard`` where ``path`` is ``-``.

    ``limit`` is how much text may wait, in characters. Not for several threads at once. Raises ``OSError`` where
    the path cannot be opened; a standard descriptor that is closed is borne.
    """

    def __init__(self, path: str, standard: int = 1, limit: int = _LIMIT) -> None:
        self.path = path
        self.lost = 0
        #: Why nothing can be written at present, or None.
        self.fault: OSError | None = None
        self._standard = standard
        self._limit = limit
        self._lines: list[str] = []
        self._size = 0
        self._torn = 0  # bytes of the first line that are written already
        self._outlet: Outlet | None = None
        self._open_first()

    def _open_first(self) -> None:
        try:
            self._outlet = self._opened()
        except OSError as error:
            if self.path != "-" and error.errno != errno.ENXIO:  # a FIFO that nobody reads yet
                raise
            self.fault = error

    def _opened(self) -> Outlet:
        if self.path == "-":
            return open_standard(self._standard)
        return open_file(self.path, like=self._outlet.fd if self._outlet else None)

    @property
    def fd(self) -> int:
        """The open descriptor, or -1."""
        return self._outlet.fd if self._outlet else -1

    @property
    def waiting(self) -> bool:
        """Whether there are lines that could not be written yet."""
        return bool(self._lines)

    def put(self, lines: list[str]) -> None:
        """Take ``lines`` (without their newlines); ``drain`` writes them."""
        size = sum(map(len, lines)) + len(lines)
        if self._size + size > self._limit:
            self._put_some(lines)
        else:
            self._lines = self._lines + lines  # anew: a signal may come here in the middle of drain
            self._size += size

    def _put_some(self, lines: list[str]) -> None:
        for line in lines:
            if self._lines and self._size + len(line) >= self._limit:
                self.lost += 1
            else:
                self._lines.append(line)
                self._size += len(line) + 1

    def drain(self) -> bool:
        """Write what waits, as far as it goes. True where nothing waits any more."""
        try:
            while self._lines:
                self._write_group()
        except OSError as error:
            self.fault = error
            return False
        self.fault = None
        return True

    def _write_group(self) -> None:
        outlet = self._outlet
        if outlet is None:
            outlet = self._outlet = self._opened_late()
        lines = self._lines if self._size * 4 <= outlet.most else self._group(outlet.most)
        data = _encoded(lines)[self._torn :]
        written = outlet.write(data)
        self._forget(lines, len(data), written)

    def _opened_late(self) -> Outlet:
        if self.path == "-":  # it was closed when we came; by now its number may be somebody else's socket
            raise OSError(errno.EBADF, "closed")
        return self._opened()

    def _group(self, most: int) -> list[str]:
        """The first lines that fit into ``most`` bytes, and one at least."""
        size = count = 0
        for line in self._lines:
            size += len(_encoded([line]))
            if size > most:
                break
            count += 1
        return self._lines[: max(count, 1)]

    def _forget(self, lines: list[str], size: int, written: int) -> None:
        """``written`` of the ``size`` bytes that were left of ``lines`` are out."""
        if written == size:
            done, self._torn = len(lines), 0
        else:
            done = self._count_whole(lines, self._torn + written)
        self._size -= sum(map(len, lines[:done])) + done
        self._lines = self._lines[done:]

    def _count_whole(self, lines: list[str], written: int) -> int:
        for done, line in enumerate(lines):
            size = len(_encoded([line]))
            if written < size:
                self._torn = written
                return done
            written -= size
        raise AssertionError("more was written than there was")

    def reopen(self) -> None:
        """Open the path anew, since the file was moved away. ``OSError``: the old one is kept."""
        if self.path == "-":
            return
        self.drain()
        old, outlet = self._outlet, self._opened()
        self._outlet, self._torn, self.fault = outlet, 0, None  # a torn line is written whole to the new file
        if old is not None:
            old.close()
        self.drain()

    def forget(self) -> None:
        """Drop what waits: after a fork it is the parent's to write."""
        self._lines, self._size, self._torn, self.lost = [], 0, 0, 0

    def finish(self, seconds: float = 1.0) -> None:
        """Write what waits, and give a slow reader up to ``seconds`` for it."""
        deadline = time.monotonic() + seconds
        while not self.drain() and isinstance(self.fault, BlockingIOError) and self._outlet:
            left = deadline - time.monotonic()
            if left <= 0 or not self._outlet.wait(left):
                break

    def close(self, seconds: float = 1.0) -> None:
        """``finish``, then close the descriptor. Lines that are still here are lost and counted."""
        self.finish(seconds)
        self.lost += len(self._lines)
        self._lines, self._size, self._torn = [], 0, 0
        if self._outlet is not None:
            with suppress(OSError):
                self._outlet.close()
            self._outlet = None


def _encoded(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")
