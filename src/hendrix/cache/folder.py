"""Where the workers of one server have in common what they share: a folder in memory, for as long as it runs.

It is named by the process that leads, and by when that began: a reload and a restart find it again, and nobody else's
process of the same number does. Whoever leads next takes away what a server left that was killed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile

_NAME = re.compile(r"hendrix-cache-([0-9]+)-([0-9]+)")
_here: list[str] = []


def begin() -> str:
    """The folder of this process and of those that it will fork. It is made by who needs it (``made``)."""
    home = _home()
    _sweep(home)
    _here[:] = [os.path.join(home, f"hendrix-cache-{os.getpid()}-{_began(os.getpid())}")]
    return _here[0]


def made() -> str:
    """The folder, for our eyes only. Raises ``OSError`` where it cannot be."""
    path = _here[0] if _here else begin()
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"{path} is not a directory of ours alone; remove it")
    return path


def end() -> None:
    """Take it away, with what is in it."""
    if _here:
        shutil.rmtree(_here.pop(), ignore_errors=True)


def _home() -> str:
    """Memory where there is some to be had by name."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else tempfile.gettempdir()  # noqa: S108


def _began(pid: int) -> str:
    """When the process began, in ticks since the machine did; ``0`` where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "0"


def _sweep(home: str) -> None:
    """Folders of servers that are no more."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(home):
            named = _NAME.fullmatch(entry.name)
            if named and entry.is_dir(follow_symlinks=False) and _is_left(entry, int(named[1]), named[2]):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left(entry: os.DirEntry[str], pid: int, began: str) -> bool:
    if os.geteuid() not in (0, entry.stat(follow_symlinks=False).st_uid):
        return False
    if began != "0":
        return _began(pid) != began
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
