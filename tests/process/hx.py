"""``hx`` as its user runs it, in a runtime directory that no other test sees."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.process.project import Project

_PID = re.compile(r"\bpid (\d+)")


class Hx:
    """Runs actions in the project's directory."""

    def __init__(self, project: Project, base: Path) -> None:
        self.project = project
        #: Where pid files and control sockets are, and the logs of daemons.
        self.runtime, self.state = base / "hendrix", base / "state" / "hendrix"
        self.extra = {"XDG_RUNTIME_DIR": str(base), "XDG_STATE_HOME": str(base / "state")}
        self._daemons: list[int] = []

    def __call__(self, *words: str, through: tuple[str, ...] = ("-m", "hendrix"), **extra: str) -> Ended:
        """Run ``hx WORDS``, or ``manage.py hx WORDS``."""
        return self.run([sys.executable, *through, *words], **extra)

    def run(self, command: list[str], cwd: Path | None = None, **extra: str) -> Ended:
        """Run a command with the environment of this test."""
        environ = self.project.environ(**{**self.extra, **extra})
        return subprocess.run(
            command, cwd=cwd or self.project.folder, env=environ, capture_output=True, text=True, timeout=60
        )

    def daemon(self, *words: str, **extra: str) -> tuple[int, Ended]:
        """Start one, which must work. Its pid, and what its caller said."""
        done = self("start", "-d", "--bind", "127.0.0.1:0", *words, **extra)
        assert done.returncode == 0, done.stderr + self.logs()
        pid = _PID.search(done.stdout)
        assert pid, done.stdout
        self._daemons.append(int(pid[1]))
        return self._daemons[-1], done

    def logs(self) -> str:
        """All that daemons have written."""
        files = sorted(self.state.glob("*.log")) if self.state.is_dir() else []
        return "".join(file.read_text() for file in files)

    def end(self) -> None:
        """Daemons that a failed test has left."""
        for pid in self._daemons:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


Ended = subprocess.CompletedProcess[str]


@contextlib.contextmanager
def actions(project: Project) -> Iterator[Hx]:
    """Actions for one test."""
    base = Path(tempfile.mkdtemp(prefix="hx-"))  # short, for unix sockets
    hx = Hx(project, base)
    try:
        yield hx
    finally:
        hx.end()
        shutil.rmtree(base)
