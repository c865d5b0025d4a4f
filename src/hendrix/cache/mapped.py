"""A file that several processes have in memory at once, and a lock that dies with its holder.

Words of it are read and written whole (eight bytes, aligned), so that a reader needs no lock for one of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import stat
import threading
import time
from collections.abc import Iterator

WORD = 8
#: Seconds that the loop's thread may stand still for the lock. Who holds it needs microseconds, unless it is stopped.
PATIENCE = 0.05
_LOOK = 0.0002
#: Seconds for which a lock that was not to be had is only tried once.
_SULK = 1.0


class Mapped:
    """``size`` bytes of the file at ``path``, which is made where it is missing: zeros, for our eyes only.

    Only the first ``reserved`` of them are sure to have memory; see ``reserve``. Raises ``OSError``.
    """

    def __init__(self, path: str, size: int, reserved: int) -> None:
        self.path, self.size = path, size
        fd = _open(path)
        try:
            self.made = os.fstat(fd).st_size == 0
            os.posix_fallocate(fd, 0, reserved)
            if os.fstat(fd).st_size < size:
                os.ftruncate(fd, size)
            self.bytes = mmap.mmap(fd, size)
        finally:
            os.close(fd)
        self.words = memoryview(self.bytes).cast("Q")
        self._mutex = threading.Lock()
        self._fd, self._pid, self._sulking = -1, 0, 0.0

    def reserve(self, start: int, count: int) -> bool:
        """Have memory behind these bytes: a write to a page that the system cannot give would be the process's end."""
        try:
            os.posix_fallocate(self._descriptor(), start, count)
        except OSError:
            return False
        return True

    @contextlib.contextmanager
    def lock(self, patience: float = PATIENCE) -> Iterator[bool]:
        """Among all processes and threads. False: it was not to be had within ``patience`` seconds."""
        held = self._acquire(patience)
        try:
            yield held
        finally:
            if held:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
                self._mutex.release()

    def _acquire(self, patience: float) -> bool:
        if not self._mutex.acquire(timeout=patience):
            return False
        try:
            if self._flock(patience):
                return True
        except OSError:
            pass
        self._mutex.release()
        return False

    def _flock(self, patience: float) -> bool:
        fd, until = self._descriptor(), 0.0
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                now = time.monotonic()
                until = until or (now if now < self._sulking and patience <= PATIENCE else now + patience)
                if now >= until:
                    self._sulking = now + _SULK
                    return False
                time.sleep(_LOOK)
            else:
                return True

    def _descriptor(self) -> int:
        """Of this process alone: with one that was inherited over a fork the lock would be the parent's, too."""
        if self._pid != os.getpid():
            self._fd, self._pid = _open(self.path), os.getpid()
        return self._fd

    def close(self) -> None:
        """The file stays. What was taken out of it as a view is not to be used any more."""
        if self._pid == os.getpid():
            os.close(self._fd)
            self._pid = 0


def _open(path: str) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        os.close(fd)
        raise PermissionError(f"{path} is not a file of ours alone; remove it")
    return fd
