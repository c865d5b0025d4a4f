"""Where the hub of this project is, for whichever process asks: a worker, a command, a shell.

The server tells what it runs, and whatever that starts, in the environment. Any other process of the same user looks
into the runtime directory, for the server of its settings that listens there; where several do, for the one that was
started in this very project. Django's tests do not.
"""

from __future__ import annotations

import glob
import os
import socket
import stat
import struct
import sys
import time

from hendrix.core.control import HUB
from hendrix.core.server_name import serves
from hendrix.core.under_test import under_test
from hendrix.hub.message import HubError

_LONGEST_ADDRESS = 100
_LOOK_EVERY = 1.0

_BACK_WITHIN = 10.0
"""Seconds for which a server that was there, and died without taking its socket away, is waited for."""

_found = ""
_looked = _there = -_LOOK_EVERY


def here() -> str:
    """The path of the relay's socket, or nothing: then this process is alone.

    Raises ``HubError`` where several servers have these settings.
    """
    told = os.environ.get(HUB)
    if told:
        return told
    if under_test():
        return ""
    global _found, _looked, _there
    now = time.monotonic()
    if now >= _looked + _LOOK_EVERY:
        found, _looked = _look(os.environ.get("DJANGO_SETTINGS_MODULE", "")), now
        if found or now >= _there + _BACK_WITHIN or not os.path.exists(_found):
            _found, _there = found, now
    return _found


def may_come() -> bool:
    """There is no server now; could there be one later?"""
    return bool(os.environ.get("DJANGO_SETTINGS_MODULE")) and not under_test()


def connect(path: str, *, blocking: bool) -> socket.socket:
    """A connection to the relay that listens at ``path``. Raises ``OSError``."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = -1
    try:
        address = path
        if len(os.fsencode(path)) > _LONGEST_ADDRESS and os.path.isdir("/proc/self/fd"):
            folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            address = f"/proc/self/fd/{folder}/{os.path.basename(path)}"
        # It is at the other end of this machine: that takes no time, or it has no room for us.
        sock.settimeout(1.0)
        sock.connect(address)
        sock.setblocking(blocking)
    except OSError:
        sock.close()
        raise
    finally:
        if folder >= 0:
            os.close(folder)
    return sock


def _look(settings: str) -> str:
    if not settings:
        return ""
    paths = [path for folder in _folders() for path in glob.glob(f"{glob.escape(folder)}/*.hub")]
    found = {
        path: pid for path in paths if _is_of(path, settings) and _ours(path) and (pid := _listener(path)) is not None
    }
    if len(found) > 1:
        # Many projects call their settings the same.
        found = {path: pid for path, pid in found.items() if _is_at(pid, settings)} or found
    if len(found) > 1:
        raise HubError(f"several servers run {settings}: {', '.join(found)}; say which one is meant with {HUB}=PATH")
    return next(iter(found), "")


def _is_of(path: str, settings: str) -> bool:
    return serves(os.path.basename(path).removesuffix(".hub"), settings)


def _listener(path: str) -> int | None:
    """The process that listens there, 0 where the system does not tell; none where a server has died."""
    try:
        with connect(path, blocking=False) as sock:
            size = struct.calcsize("3i")
            if not hasattr(socket, "SO_PEERCRED"):
                return 0
            return int(struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[0])
    except (ConnectionRefusedError, FileNotFoundError):
        return None
    except OSError:
        return 0  # it has much to do


def _is_at(pid: int, settings: str) -> bool:
    """Was the server started in the directory of this project?"""
    home = getattr(sys.modules.get(settings), "__file__", None) or os.getcwd()
    try:
        there = os.readlink(f"/proc/{pid}/cwd")
        return os.path.commonpath([there, os.path.realpath(home)]) == there
    except (OSError, ValueError):
        return False


def _folders() -> list[str]:
    """As the supervisor has them."""
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    own = [os.path.join(base, "hendrix")] if os.path.isabs(base) else []
    return list(dict.fromkeys([*own, "/run/hendrix", f"/tmp/hendrix-{os.getuid()}"]))  # noqa: S108 - checked


def _ours(path: str) -> bool:
    """A socket of our own, in a directory that nobody else writes to."""
    try:
        found, folder = os.lstat(path), os.lstat(os.path.dirname(path))
    except OSError:
        return False
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.getuid():
        return False
    return folder.st_uid in (0, os.getuid()) and not folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
