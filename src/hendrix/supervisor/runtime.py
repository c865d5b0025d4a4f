"""Where the pid files and control sockets of running servers are. What they are called: ``core.server_name``."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping

from hendrix.core.errors import UsageError


def directory(environ: Mapping[str, str], uid: int) -> str:
    """Where the servers of ``uid`` put their files.

    ``$XDG_RUNTIME_DIR/hendrix``; without that (or where it is not absolute, which its specification says to
    ignore) ``/run/hendrix`` for root and ``/tmp/hendrix-UID`` for others.
    """
    return _candidates(environ, uid)[0]


def make(path: str, uid: int) -> None:
    """Make sure that the directory is there and is ours alone to write to.

    Raises ``UsageError`` where it is not to be trusted, and ``OSError`` where it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    if fault := _fault(path, (uid,)):
        raise UsageError(
            f"the runtime directory {path} {fault}; remove it, or name another one with XDG_RUNTIME_DIR or --pid"
        )


def lookup(environ: Mapping[str, str], uid: int) -> list[str]:
    """The directories in which servers of ``uid`` may be found: those that exist, can be read and be trusted."""
    candidates = dict.fromkeys(_candidates(environ, uid, everywhere=True))
    return [path for path in candidates if _readable(path, (0, uid))]


def _candidates(environ: Mapping[str, str], uid: int, *, everywhere: bool = False) -> list[str]:
    base = environ.get("XDG_RUNTIME_DIR", "")
    found = [os.path.join(base, "hendrix")] if os.path.isabs(base) else []
    if uid == 0 or everywhere:
        found.append("/run/hendrix")
    return [*found, f"/tmp/hendrix-{uid}"]  # noqa: S108 - checked before it is used


def _readable(path: str, owners: tuple[int, ...]) -> bool:
    try:
        return not _fault(path, owners) and os.access(path, os.R_OK | os.X_OK)
    except OSError:
        return False


def _fault(path: str, owners: tuple[int, ...]) -> str:
    """Why the directory is not to be trusted, if so. It must belong to one of ``owners``.

    Its parent counts too: whose it is can put another directory in this one's place. (Not the parent's mode:
    there are containers whose /tmp lacks the sticky bit, and nobody else.)
    """
    found, parent = os.lstat(path), os.stat(os.path.dirname(path))
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link"
    if not stat.S_ISDIR(found.st_mode):
        return "is not a directory"
    if found.st_uid not in owners:
        return "belongs to somebody else"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written to by others"
    return "" if parent.st_uid in (0, *owners) else "lies in a directory of somebody else"
