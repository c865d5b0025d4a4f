"""Files opened so that what was judged is what is sent: everything is asked of the descriptor, nothing of the name."""

from __future__ import annotations

import contextlib
import os
import stat

#: Not waiting: a named pipe would hold the opener until somebody writes to it.
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW


class OpenFile:
    """An open regular file, closed when nobody holds it any more: many answers may be sending it."""

    __slots__ = ("_fd", "stat")

    def __init__(self, fd: int, facts: os.stat_result) -> None:
        self._fd = fd
        self.stat = facts

    def fileno(self) -> int:
        return self._fd

    def read(self) -> bytes:
        """All of it, or what has become of it meanwhile."""
        return os.pread(self._fd, self.stat.st_size, 0)

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._fd)


def open_file(path: str) -> OpenFile | None:
    """The regular file at ``path``, links followed. None where there is none that may be read."""
    try:
        return _checked(os.open(path, _READ))
    except (OSError, ValueError):
        return None


def open_beneath(root: str, name: str) -> OpenFile | None:
    """The regular file ``name`` below ``root``. No link below the root is followed, whoever makes one, and when."""
    *folders, leaf = name.split("/")
    try:
        at = os.open(root, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        try:
            for folder in folders:
                below = os.open(folder, _FOLDER, dir_fd=at)
                os.close(at)
                at = below
            return _checked(os.open(leaf, _READ | os.O_NOFOLLOW, dir_fd=at))
        finally:
            os.close(at)
    except (OSError, ValueError):
        return None


def identity(facts: os.stat_result) -> tuple[int, int, int, int]:
    """Of a file's state: it is not the same where it was written to or another has taken its name."""
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _checked(fd: int) -> OpenFile | None:
    facts = os.fstat(fd)
    if stat.S_ISREG(facts.st_mode):
        return OpenFile(fd, facts)
    os.close(fd)
    return None
