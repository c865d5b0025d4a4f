"""A relay in a process of its own, below a parent that does for it what the supervisor does, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from hendrix.cli.start import relay as run_relay
from hendrix.core.config import Config
from hendrix.supervisor.process import reap
from hendrix.supervisor.relay import Relay

ROOT = Path(__file__).parents[2]


class RelayProcess:
    """Its parent, seen from a test."""

    def __init__(self, path: str, **options: object) -> None:
        self.path = path
        command = [sys.executable, "-m", "tests.kit.hub", path, json.dumps(options)]
        self._parent = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT)
        until = time.monotonic() + 20
        while not os.path.exists(path) and time.monotonic() < until:
            time.sleep(0.01)

    @property
    def pid(self) -> int | None:
        """The relay's, if it runs."""
        children = Path(f"/proc/{self._parent.pid}/task/{self._parent.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def kill(self) -> None:
        """As ``kill -9`` does."""
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def be_without(self) -> None:
        """Kill it, and have none until ``go_on``."""
        self._parent.send_signal(signal.SIGSTOP)
        self.kill()

    def go_on(self) -> None:
        self._parent.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        assert self._parent.stdin
        self._parent.stdin.close()
        assert self._parent.wait(10) == 0
        assert not os.path.exists(self.path)


@contextlib.contextmanager
def relay(**options: object) -> Iterator[RelayProcess]:
    with tempfile.TemporaryDirectory(prefix="hx-hub-") as folder:
        running = RelayProcess(os.path.join(folder, "8000_site.hub"), **options)
        try:
            yield running
        finally:
            running.stop()


def be_parent(path: str, options: dict[str, object]) -> None:
    selector = selectors.DefaultSelector()
    running = Relay(selector, run_relay, lambda: None)
    running.take(path, Config(**options))
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    while True:
        for key, mask in selector.select(0.02):
            if key.data is None:
                running.give_back()
                return
            key.data(mask)
        for pid, status in reap():
            running.reaped(pid, status)
        running.tick()


if __name__ == "__main__":
    be_parent(sys.argv[1], json.loads(sys.argv[2]))
