"""Running servers of which only pid file and control socket are real."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

FAKE = Path(__file__).with_name("fake_server.py")


class Fakes:
    """Starts them in the runtime directory of this test alone."""

    def __init__(self, folder: Path) -> None:
        self.base = folder
        self.folder = folder / "hendrix"
        self.folder.mkdir(mode=0o700)
        self._processes: list[subprocess.Popen[str]] = []

    def start(
        self,
        name: str,
        *,
        folder: Path | None = None,
        pidfile: bool = True,
        sock: str = ".sock",
        directory: str = ".",
        **plan: object,
    ) -> subprocess.Popen[str]:
        """A server called ``name``, that works in ``directory``. Without ``sock``, the ending of its path, nobody
        listens."""
        stem = (folder or self.folder) / name
        files = [f"{stem}.pid" if pidfile else "", f"{stem}{sock}" if sock else ""]
        process = subprocess.Popen(
            [sys.executable, str(FAKE), *files, json.dumps(plan)], stdout=subprocess.PIPE, text=True, cwd=directory
        )
        self._processes.append(process)
        assert process.stdout and process.stdout.readline() == "ready\n"
        return process

    def heard(self, process: subprocess.Popen[str]) -> dict[str, object]:
        """What it was asked next."""
        assert process.stdout
        return dict(json.loads(process.stdout.readline()))

    def end(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.communicate()


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fakes]:
    """Servers of this test alone, as far as the runtime directory of others is empty."""
    for name in [name for name in os.environ if name.startswith(("HX_", "DJANGO_", "PORT"))]:
        monkeypatch.delenv(name)
    base = Path(tempfile.mkdtemp(prefix="hx-"))  # short, for unix sockets
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    monkeypatch.chdir(tmp_path)
    found = Fakes(base)
    yield found
    found.end()
    shutil.rmtree(base)
