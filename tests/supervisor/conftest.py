"""Starting the fake server as a real process, and waiting for what it says."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

FAKE = Path(__file__).with_name("fake_server.py")
PATIENCE = 10.0


class Server:
    """A supervisor in a process of its own."""

    def __init__(self, folder, plan):
        self.process = subprocess.Popen(
            [sys.executable, str(FAKE), json.dumps(plan)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            start_new_session=True,
        )
        self.pid = self.process.pid
        self.heard = []
        self._buffer = b""

    def wait(self, name, count=1, patience=PATIENCE):
        """The facts of the ``count``-th event ``name``, which must come within ``patience`` seconds."""
        end = time.monotonic() + patience
        while True:
            found = [facts for kind, facts in self.heard if kind == name]
            if len(found) >= count:
                return found[count - 1]
            if not self._read(end - time.monotonic()):
                errors = self.process.stderr.read().decode() if self.process.poll() is not None else ""
                raise AssertionError(f"no {name} ({count}); heard {self.heard}\n{errors}")

    def rest(self):
        """Everything until its output closes."""
        while self._read(PATIENCE):
            pass
        return self.heard

    def names(self):
        """The names of the events so far."""
        return [kind for kind, _ in self.heard]

    def kill(self, signum=signal.SIGTERM):
        os.kill(self.pid, signum)

    def status(self):
        """The exit status."""
        return self.process.wait(PATIENCE)

    def ask(self, word=b"hello"):
        """The pid of the worker that answers."""
        (url,) = self.wait("server.ready")["urls"]
        family = socket.AF_UNIX if url.startswith("unix:") else socket.AF_INET
        host, _, port = url.removeprefix("http://").rpartition(":")
        with socket.socket(family) as client:
            client.settimeout(PATIENCE)
            client.connect(url.removeprefix("unix:") if family == socket.AF_UNIX else (host, int(port)))
            client.sendall(word)
            return int(client.recv(100))

    def end(self):
        """Leave nothing of its session behind."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def _read(self, patience):
        if not select.select([self.process.stdout], [], [], max(0.0, patience))[0]:
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self.heard += [json.loads(line) for line in lines]
        return bool(data)


@pytest.fixture
def serve(tmp_path):
    """Start a fake server by its plan; all are ended afterwards."""
    servers = []

    def start(**plan):
        servers.append(server := Server(tmp_path, plan))
        return server

    yield start
    for server in servers:
        server.end()
