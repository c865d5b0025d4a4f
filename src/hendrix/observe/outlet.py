"""One way to write to a descriptor without ever waiting for its reader.

``O_NONBLOCK`` belongs to the open file, which standard output shares with the shell and with every other worker,
so it is never set there. A pipe or terminal is opened once more through ``/proc`` instead, a socket has a flag per
call, and where neither works the descriptor is asked first.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import stat
from dataclasses import dataclass

_FILE_BATCH = 1 << 20
#: Not promised to be atomic past this for anything but a file (POSIX write, pipes).
_PIPE_BATCH = getattr(select, "PIPE_BUF", 512)
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(slots=True)
class Outlet:
    """An open descriptor of our own. ``most`` bytes written at once are not torn by other writers."""

    fd: int
    most: int
    ask_first: bool = False
    peer: socket.socket | None = None

    def write(self, data: bytes) -> int:
        """Write what fits now and return how much that was; ``OSError`` where nothing does."""
        if self.peer is not None:
            return self.peer.send(data, socket.MSG_DONTWAIT)
        if self.ask_first and not self.wait(0):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return os.write(self.fd, data)

    def wait(self, seconds: float) -> bool:
        """Wait until the reader takes more, at most that long."""
        poll = select.poll()
        poll.register(self.fd, select.POLLOUT)
        return bool(poll.poll(int(seconds * 1000)))

    def close(self) -> None:
        """Close the descriptor."""
        if self.peer is not None:
            self.peer.close()
        else:
            os.close(self.fd)


def open_file(path: str, like: int | None = None) -> Outlet:
    """Open ``path`` for appending, made with mode 0640, or with owner and mode of the open file ``like``."""
    try:
        fd = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o640)
    except FileExistsError:
        return _outlet(os.open(path, _FLAGS | os.O_CREAT, 0o640))
    if like is not None:
        _resemble(fd, like)
    return _outlet(fd)


def _resemble(fd: int, like: int) -> None:
    old = os.fstat(like)
    try:
        os.fchown(fd, old.st_uid, old.st_gid)
    except OSError:
        pass  # only root may give files away; the mode still counts
    try:
        os.fchmod(fd, stat.S_IMODE(old.st_mode))
    except OSError:
        pass


def open_standard(fd: int) -> Outlet:
    """A descriptor of our own for standard output or error, so that nobody closes it under us."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        try:
            return _outlet(os.open(f"/proc/self/fd/{fd}", _FLAGS))
        except OSError:
            return Outlet(_own(fd), _PIPE_BATCH, ask_first=True)
    return _outlet(_own(fd))


def _own(fd: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)


def _outlet(fd: int) -> Outlet:
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return Outlet(fd, _FILE_BATCH)
    if stat.S_ISSOCK(mode):
        return Outlet(fd, _PIPE_BATCH, peer=socket.socket(fileno=fd))
    return Outlet(fd, _PIPE_BATCH)
