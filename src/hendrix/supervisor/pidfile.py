"""The pid file: which process is the server, told so that a recycled number is never taken for it.

The first line is the pid alone, which is all that ``kill $(cat file)`` takes for a number. The second says when the
process started, in ticks since the boot (field 22 of ``/proc/PID/stat``): with the pid that names one process.
Where the system has no ``/proc``, the pid alone must do.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from hendrix.core.errors import UsageError
from hendrix.core.record import record

_TEXT = re.compile(rb"([1-9][0-9]{0,9})\n(?:start=([0-9]{1,20})\n)?")
_LONGEST = 128  # bytes: what is longer is some other file, and its path a slip of the pen
_ATTEMPTS = 10  # at taking the place of a file that others put there again and again
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK)


@record(frozen=True)
class _Found:
    """A file as it was found. Two that are equal are the same file with the same content."""

    device: int
    inode: int
    owner: int
    text: bytes


@record(frozen=True)
class PidFile:
    """A pid file of ours. ``path`` is absolute."""

    path: str
    _ours: _Found | None

    @classmethod
    def write(cls, path: str, pid: int) -> PidFile:
        """Put the file there, whole from the first moment; one that a dead server left is replaced.

        Raises ``UsageError`` where a live server or something that is no pid file is at ``path``, and ``OSError``
        where the file cannot be made (no such directory, disk full, read only).
        """
        path = os.path.abspath(path)
        draft = _draft(os.path.dirname(path), _text(pid))
        try:
            ours = _read(draft)
            _place(draft, path, pid)
            return cls(path, ours)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(draft)

    @classmethod
    def adopt(cls, path: str) -> PidFile:
        """The file that this process wrote before it executed itself anew. Never raises.

        Where the file is gone or names another process meanwhile, ``remove`` has nothing to remove.
        """
        path = os.path.abspath(path)
        found = _glimpse(path)
        return cls(path, found if found and found.text == _text(os.getpid()) else None)

    def remove(self) -> None:
        """Remove the file, unless it has become another's. Never raises."""
        if self._ours and _glimpse(self.path) == self._ours:
            with contextlib.suppress(OSError):
                os.unlink(self.path)


def alive(path: str) -> int | None:
    """The pid of the live server that the file names, if any.

    The file is believed where it belongs to root, to us, or to the user of that process: nobody can make us
    signal a process that is not theirs.
    """
    found = _glimpse(path)
    return _named(found) if found else None


def start_of(pid: int) -> int | None:
    """When the process started, in ticks since the boot; ``None`` where none runs (a zombie does not) or is seen."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
        state, *fields = text.rpartition(b")")[2].split()  # the name before it may hold anything
        return None if state in (b"Z", b"X") else int(fields[18])
    except (OSError, ValueError, IndexError):
        return None


# --- who is named -----------------------------------------------------------------------------------------


def _text(pid: int) -> bytes:
    start = start_of(pid)
    return f"{pid}\n".encode() + (b"" if start is None else f"start={start}\n".encode())


def _named(found: _Found) -> int | None:
    if not (match := _TEXT.fullmatch(found.text)):
        return None
    pid = int(match[1])
    if not _runs(pid, match[2]):
        return None
    return pid if found.owner in (0, os.geteuid(), _owner(pid)) else None


def _runs(pid: int, start: bytes | None) -> bool:
    if start_of(os.getpid()) is None:
        return _answers(pid)
    return start is not None and start_of(pid) == int(start)


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _owner(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


# --- files ------------------------------------------------------------------------------------------------


def _draft(folder: str, text: bytes) -> str:
    """A finished file beside the place where it is to be."""
    import tempfile  # noqa: PLC0415 - who only looks needs none

    fd, draft = tempfile.mkstemp(prefix=".hendrix-", suffix=".pid.new", dir=folder)
    try:
        with open(fd, "wb") as file:
            os.fchmod(fd, 0o644)
            file.write(text)
    except BaseException:
        os.unlink(draft)
        raise
    return draft


def _place(draft: str, path: str, pid: int) -> None:
    for _ in range(_ATTEMPTS):
        try:
            return _link(draft, path)
        except FileExistsError:
            _make_way(path, pid)
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)


def _link(draft: str, path: str) -> None:
    """A link, unlike a renaming, never replaces: of two servers that start at once one finds the other's file."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _NO_LINKS or os.path.lexists(path):
            raise
        os.rename(draft, path)  # a file system without links, and so without that certainty


def _make_way(path: str, pid: int) -> None:
    """Remove the file of a server that is gone; the lock keeps two who both found it from removing a third's."""
    with contextlib.suppress(FileNotFoundError), _opened(path) as fd:
        found = _content(fd)
        if len(found.text) > _LONGEST:
            raise UsageError(f"{path} is no pid file; remove it, or give another path with --pid")
        if (holder := _named(found)) not in (None, pid):
            raise UsageError(f"{path}: this server runs already as pid {holder}; hx stop ends it, or give --pid")
        _lock(fd, path)
        if _glimpse(path) == found:
            os.unlink(path)


def _lock(fd: int, path: str) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:  # not waited for: whoever can read the file can hold it for ever
        raise UsageError(f"{path} is held by another server that is just starting; try again") from error


def _glimpse(path: str) -> _Found | None:
    try:
        return _read(path)
    except (OSError, UsageError):
        return None


def _read(path: str) -> _Found:
    with _opened(path) as fd:
        return _content(fd)


def _content(fd: int) -> _Found:
    found = os.fstat(fd)
    return _Found(found.st_dev, found.st_ino, found.st_uid, os.read(fd, _LONGEST + 1))


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    """A descriptor of the file. Links are not followed, and nothing that is no file is waited for."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a symbolic link; a socket
            raise _in_the_way(path) from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise _in_the_way(path)
        yield fd
    finally:
        os.close(fd)


def _in_the_way(path: str) -> UsageError:
    return UsageError(f"{path} is not a regular file; remove it, or give another path with --pid")
