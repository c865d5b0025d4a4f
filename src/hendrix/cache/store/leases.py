"""Claims on keys among the workers of a machine: whoever holds one is at work on the answer, others wait for it.

A claim ends when it is given up, at its deadline, or with its holder: each holder has a file of its own beside the
table, which it keeps locked as long as it lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable

from hendrix.cache.mapped import WORD, Mapped

_WAYS = 4
_SETS = 1024
#: A row: digest of the key, number of the holder, deadline in milliseconds (steady).
_ROW = 3
_SIZE = _SETS * _WAYS * _ROW * WORD


class Leases:
    """The table in the file at ``path``. Raises ``OSError``."""

    def __init__(self, path: str, clock: Callable[[], float]) -> None:
        self._file = Mapped(path, _SIZE, _SIZE)
        self._rows, self._clock, self._path = self._file.words, clock, path
        self._me, self._pid = 0, 0
        self._life = -1

    def claim(self, digest: int, seconds: float) -> bool:
        """Is the key ours now? Not where another holds it. A table that is full or stuck refuses nobody."""
        now = int(self._clock() * 1000)
        first = digest % _SETS * _WAYS * _ROW
        with self._file.lock() as held:
            if not held:
                return True
            free = -1
            for row in range(first, first + _WAYS * _ROW, _ROW):
                known, holder, deadline = self._rows[row : row + _ROW]
                if known and (deadline <= now or (known == digest and not self._lives(holder))):
                    known = 0
                if known == digest:
                    return holder == self._number() and self._take(row, digest, now, seconds)
                free = row if free < 0 and not known else free
            return free < 0 or self._take(free, digest, now, seconds)

    def release(self, digest: int) -> None:
        """Give it up, if it is still ours."""
        first = digest % _SETS * _WAYS * _ROW
        for row in range(first, first + _WAYS * _ROW, _ROW):
            if self._rows[row] == digest and self._rows[row + 1] == self._me:
                with self._file.lock() as held:
                    if held and self._rows[row] == digest and self._rows[row + 1] == self._me:
                        self._rows[row] = 0
                return

    def close(self) -> None:
        """Give up everything."""
        if self._me and self._pid == os.getpid():
            with contextlib.suppress(OSError):
                os.unlink(self._life_of(self._me))
            os.close(self._life)
        self._me = self._pid = 0
        self._file.close()

    def _take(self, row: int, digest: int, now: int, seconds: float) -> bool:
        """The digest comes last: who is killed before has claimed nothing."""
        self._rows[row] = 0
        self._rows[row + 1], self._rows[row + 2] = self._number(), now + int(seconds * 1000)
        self._rows[row] = digest
        return True

    def _number(self) -> int:
        """Ours among the holders; another one after a fork."""
        if self._pid != os.getpid():
            self._me, self._pid, self._life = 0, os.getpid(), -1
            self._sweep()
            while self._life < 0:
                self._me = secrets.randbits(63) | 1
                self._life = _locked(self._life_of(self._me))
        return self._me

    def _sweep(self) -> None:
        """Take away what those have left who were killed."""
        folder, name = os.path.split(self._path)
        for other in os.listdir(folder):
            if other.startswith(f"{name}."):
                self._lives(int(other.rpartition(".")[2], 16))

    def _lives(self, holder: int) -> bool:
        if holder == self._me:
            return True
        path = self._life_of(holder)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            with contextlib.suppress(OSError):
                os.unlink(path)
            return False
        finally:
            os.close(fd)

    def _life_of(self, holder: int) -> str:
        return f"{self._path}.{holder:x}"


def _locked(path: str) -> int:
    """A new file, locked. -1: somebody took it for one of the dead before it was."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    if os.fstat(fd).st_nlink:
        return fd
    os.close(fd)
    return -1
