"""A unix socket that listens for our own user alone, and its file."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator

from hendrix.core.errors import UsageError
from hendrix.supervisor.sockets import SocketFile

_BACKLOG = 128
_LONGEST_ADDRESS = 100  # bytes that every system takes; Linux takes 107


def bound(path: str, what: str = "control", option: str = "--pid") -> socket.socket:
    """A socket that listens at ``path``, for our own user alone. Raises as ``Console`` does.

    ``what`` it is called, and which ``option`` says where it is, if anything is in the way.
    """
    if reason := _clear_stale(path):
        raise UsageError(f"cannot open the {what} socket {path}: {reason}, or give another path with {option}")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short(path) as address:
            _bind_private(sock, address)
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def _bind_private(sock: socket.socket, address: str) -> None:
    before = os.umask(0o177)  # nobody may connect, not even before a chmod
    try:
        sock.bind(address)  # fails where anything is at the address, be it a link to nowhere
    finally:
        os.umask(before)


def _clear_stale(path: str) -> str:
    """Returns what is in the way."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return ""
    if not stat.S_ISSOCK(mode):
        return "something that is no socket is there; remove it"
    if _answered(path):
        return "another server answers there; stop it"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    return ""


def _answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, short(path) as address:
        probe.setblocking(False)
        try:
            probe.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            pass  # its backlog is full, or it is another user's: someone is there
        return True


def socket_file(path: str) -> SocketFile | None:
    """The file of the socket that listens there."""
    try:
        found = os.lstat(path)
    except OSError:
        return None  # an inherited socket's may have been removed
    return SocketFile(path, found.st_dev, found.st_ino) if stat.S_ISSOCK(found.st_mode) else None


@contextlib.contextmanager
def short(path: str) -> Iterator[str]:
    """``path`` so that it fits into the address of a unix socket, meanwhile: by way of its directory, on Linux.

    Raises ``OSError`` where the directory cannot be opened.
    """
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS or not os.path.isdir("/proc/self/fd"):
        yield path
        return
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)
