"""A process that is not our child: is it still there, wait for its end, send it a signal.

By a descriptor where the system has such (Linux 5.3), so that a pid which meanwhile belongs to another process is
never met; elsewhere by its number.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from types import TracebackType

from hendrix.supervisor import process

_LOOK = 0.05  # seconds between looks at a process without a descriptor


class Process:
    """The process that has the number ``pid`` now. Close it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._fd = _descriptor(pid)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def ended(self, seconds: float) -> bool:
        """Wait for its end, at most that long; whether it has come."""
        if self._fd is not None:
            return bool(_readable(self._fd, seconds))
        deadline = time.monotonic() + seconds
        while not (gone := is_gone(self.pid)) and time.monotonic() < deadline:
            time.sleep(_LOOK)
        return gone

    def is_stopped(self) -> bool:
        """Whether it stands still by ^Z, SIGSTOP or a debugger."""
        return process.is_stopped(self.pid)

    def send(self, signum: int) -> None:
        """Send it a signal, if it is still there. Raises ``PermissionError`` where it is another user's."""
        with contextlib.suppress(ProcessLookupError):
            if self._fd is not None:
                signal.pidfd_send_signal(self._fd, signum)
            else:
                os.kill(self.pid, signum)


def _descriptor(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # no such system call; or no such process, which ``is_gone`` tells as well
        return None


def _readable(fd: int, seconds: float) -> bool:
    """A pidfd can be read when the process has ended."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0, seconds) * 1000))


def is_gone(pid: int) -> bool:
    """No process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False
