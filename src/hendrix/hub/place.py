"""Where the hub of this project is, for whichever process asks: a worker, a command, a shell.

The server tells what it runs, and whatever that starts, in the environment. Any other process of the same user looks
into the runtime directory, for the server of its settings. Django's tests do not: as they have a database of their own
they are to meet no server that happens to run beside them, nor what is published there.
"""

from __future__ import annotations

import glob
import os
import re
import socket
import stat
import sys
import time

from hendrix.core.control import HUB
from hendrix.hub.message import HubError

_LONGEST_ADDRESS = 100
_LOOK_EVERY = 1.0

_found = ""
_looked = -_LOOK_EVERY


def here() -> str:
    """The path of the relay's socket, or nothing: then this process is alone.

    Raises ``HubError`` where several servers have these settings.
    """
    told = os.environ.get(HUB)
    if told:
        return told
    if _is_test():
        return ""
    global _found, _looked
    now = time.monotonic()
    if now >= _looked + _LOOK_EVERY:
        _found, _looked = _look(os.environ.get("DJANGO_SETTINGS_MODULE", "")), now
    return _found


def _is_test() -> bool:
    """Between ``setup_test_environment`` and ``teardown_test_environment``, whoever runs the tests."""
    state = getattr(sys.modules.get("django.test.utils"), "_TestState", None)
    return hasattr(state, "saved_data")


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
    name = re.sub(r"[^\w-]", "_", settings)
    found = [path for folder in _folders() for path in glob.glob(f"{glob.escape(folder)}/*_{name}.hub") if _ours(path)]
    if len(found) > 1:
        paths = ", ".join(found)
        raise HubError(f"several servers run {settings}: {paths}; say which one is meant with {HUB}=PATH")
    return found[0] if found else ""


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
