"""Signals as something to read: a handler that does nothing, and a descriptor that wakes the loop."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterable

CAUGHT = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGCHLD,
)
"""What means something to a supervisor."""


class Signals:
    """Catches the given signals from now on. Main thread only.

    After ``close`` they are swallowed: a process that was told to stop must not die of being told once more on its
    last steps, with another exit status.
    """

    def __init__(self, caught: Iterable[signal.Signals]) -> None:
        # Who had it ignored (nohup) does not care for the terminal.
        self._has_terminal = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN and _is_there_a_terminal()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        # The handler must be Python's for the number to be written; the loop does the work.
        for signum in caught:
            signal.signal(signum, _note)

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        return self._reader.fileno()

    def read(self) -> list[int]:
        """The numbers of the signals that came, in order."""
        with contextlib.suppress(BlockingIOError):
            return list(self._reader.recv(4096))
        return []

    @property
    def hung_up(self) -> bool:
        """There was a terminal, and it was closed: a SIGHUP now is the kernel's or the shell's."""
        return self._has_terminal and not _is_there_a_terminal()

    def close(self) -> None:
        """Hear no more of them."""
        signal.set_wakeup_fd(self._wakeup)
        self.release()

    def release(self) -> None:
        """Close the descriptors only, for a child that has handlers of its own."""
        self._reader.close()
        self._writer.close()


def _is_there_a_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def _note(signum: int, frame: object) -> None:
    pass
