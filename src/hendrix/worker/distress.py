"""What a process tells of itself when it cannot speak any more: the stacks of its threads."""

from __future__ import annotations

import contextlib
import faulthandler
import os

from hendrix.core.control import STACKS_SIGNAL


def answer_with_stacks(fd: int) -> None:
    """Write all stacks to ``fd`` when the supervisor asks by a signal, or when the process crashes.

    It is done by C code at once, so it works where the interpreter stands still.
    """
    with contextlib.suppress(AttributeError, ValueError, OSError):  # a platform without it
        faulthandler.enable(file=fd)
        faulthandler.register(STACKS_SIGNAL, file=fd, all_threads=True)
    os.set_inheritable(fd, False)
