"""Where the pid files and control sockets of running servers are, and what they are called there."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Mapping, Sequence

from hendrix.core.errors import UsageError

_LONGEST_NAME = 64  # characters: the path of a unix socket has 107 bytes for everything


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


def server_name(addresses: Sequence[str], settings: str) -> str:
    """``8000_site_settings``: what the files of a server are called, without their ending.

    ``addresses`` are those of its listeners; the first TCP port counts, or else the first unix socket.
    ``settings`` is its settings module or WSGI application.
    """
    return re.sub(r"[^\w-]", "_", f"{_place(addresses)}_{settings}")[:_LONGEST_NAME]


def _place(addresses: Sequence[str]) -> str:
    for address in addresses:
        if not address.startswith("unix:"):
            return address.rpartition(":")[2]
    return os.path.basename(addresses[0].removeprefix("unix:")) if addresses else ""


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
