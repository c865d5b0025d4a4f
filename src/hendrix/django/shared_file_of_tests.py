"""The shared cache in Django's tests: one of each process's own, as it has a database of its own, and gone with it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading

from hendrix.cli.process import is_gone
from hendrix.django.shared_file import above

_lock = threading.Lock()
_NAME = re.compile(r"test-([0-9]+)-[0-9a-f]+")


class _Here:
    """Of the process with this number: what tests have left is swept once, and what it leaves at its end."""

    pid = 0


def folder_of_tests(folder: str) -> str:
    """In place of ``folder``."""
    from multiprocessing.util import Finalize  # noqa: PLC0415 - processes that run tests side by side heed no ``atexit``

    home, pid = above(), os.getpid()
    with _lock:
        if _Here.pid != pid:
            _Here.pid = pid
            # Those of runs that were killed, and one of our own number.
            _sweep(home, pid)
            Finalize(None, _sweep, (home, pid), exitpriority=0)
    digest = hashlib.blake2b(folder.encode(), digest_size=6).hexdigest()
    return os.path.join(home, f"test-{pid}-{digest}")


def _sweep(home: str, own: int) -> None:
    """Take away what tests have left there that are over; and those of the process ``own``."""
    with contextlib.suppress(OSError):
        for name in os.listdir(home):
            pid = _NAME.fullmatch(name)
            if pid and (int(pid[1]) == own or is_gone(int(pid[1]))):
                shutil.rmtree(os.path.join(home, name), ignore_errors=True)
