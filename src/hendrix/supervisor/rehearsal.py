"""Whether the program would start at all if it were executed anew, found out in a process beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from time import monotonic

from hendrix.supervisor import process
from hendrix.supervisor.origin import REHEARSAL, REHEARSED, Origin

PATIENCE = 30.0
"""Seconds after which a rehearsal is given up."""


class Rehearsal:
    """A run of the same command that ends before it does anything. The caller reaps its ``pid``."""

    def __init__(self, origin: Origin) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - it outlives this function
        environ = {**origin.environ, REHEARSAL: "1"}
        self._process = subprocess.Popen(
            origin.words,
            cwd=origin.directory if os.path.isdir(origin.directory) else None,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )
        self.pid = self._process.pid
        self.deadline = monotonic() + PATIENCE

    def give_up(self) -> None:
        """It hangs."""
        process.send_signal(self.pid, signal.SIGKILL)
        self.deadline += PATIENCE

    def over(self, status: int) -> str:
        """It was reaped. Returns what is wrong, or nothing."""
        self._process.returncode = code = os.waitstatus_to_exitcode(status)  # reaped behind its back
        self._output.seek(0)
        said = self._output.read(8192).decode(errors="replace").strip().splitlines()
        self._output.close()
        if code == REHEARSED:
            return ""
        if code == 0:
            return "the program ended without serving"
        return said[-1].removeprefix("hx: ") if said else process.describe(status)
