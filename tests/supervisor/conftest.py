"""Starting the fake server as a real process, and waiting for what it says."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

FAKE = Path(__file__).with_name("fake_server.py")
PATIENCE = 20.0


class Server:
    """A supervisor in a process of its own."""

    def __init__(self, folder, plan):
        self.folder = folder
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

    # --- what it says -------------------------------------------------------------------------------------

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

    def next(self, name, patience=PATIENCE):
        """The facts of the next event ``name`` of which nothing was heard before."""
        return self.wait(name, self.names().count(name) + 1, patience)

    def rest(self):
        """Everything until its output closes."""
        while self._read(PATIENCE):
            pass
        return self.heard

    def names(self):
        """The names of the events so far."""
        return [kind for kind, _ in self.heard]

    def descriptors(self):
        """What the supervisor has open, by kind."""
        self.kill(signal.SIGUSR1)
        return self.next("own.reopened")["descriptors"]

    # --- what it is told ----------------------------------------------------------------------------------

    def kill(self, signum=signal.SIGTERM):
        os.kill(self.pid, signum)

    def deploy(self, **plan):
        """From the next template on this counts."""
        draft = self.folder / "plan.json.new"
        draft.write_text(json.dumps(plan))
        draft.rename(self.folder / "plan.json")

    def status(self):
        """The exit status."""
        return self.process.wait(PATIENCE)

    # --- clients ------------------------------------------------------------------------------------------

    def connect(self):
        """A connection to some worker."""
        (url,) = self.wait("server.ready")["urls"]
        family = socket.AF_UNIX if url.startswith("unix:") else socket.AF_INET
        host, _, port = url.removeprefix("http://").rpartition(":")
        client = socket.socket(family)
        client.settimeout(PATIENCE)
        client.connect(url.removeprefix("unix:") if family == socket.AF_UNIX else (host, int(port)))
        return client

    def ask(self, word=b"hello"):
        """The number that a worker answers: its pid."""
        with self.connect() as client:
            client.sendall(word)
            return int(client.recv(100))

    def beside(self, suffix):
        """The pid file or the control socket, where they are by default."""
        (url,) = self.wait("server.ready")["urls"]
        name = f"{url.rpartition(':')[2]}_fake_settings{suffix}"
        return Path(os.environ["XDG_RUNTIME_DIR"], "hendrix", name)

    def control(self, do, path=None, **facts):
        """A client of the control socket that has asked."""
        return Asker(path or self.beside(".sock"), do, facts)

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


class Asker:
    """Asked over the control socket; ``done`` waits for the outcome."""

    def __init__(self, path, do, facts):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(path))
        self.sock.sendall(json.dumps({"do": do, **facts}).encode() + b"\n")
        self.said = []

    def done(self):
        """The last line."""
        with self.sock, self.sock.makefile() as lines:
            told = [json.loads(line) for line in lines]
        self.said = [line["say"] for line in told if "say" in line]
        assert told and "done" in told[-1], told
        return told[-1]


class Load:
    """One connection after the other, until left; ``failures`` are those that were not answered."""

    def __init__(self, server):
        server.wait("server.ready")
        self._server = server
        self.answers, self.failures = [], []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._thread.join()

    def more(self, count=20):
        """Wait until so many more were answered."""
        wanted, end = len(self.answers) + count, time.monotonic() + PATIENCE
        while len(self.answers) < wanted:
            assert time.monotonic() < end, self.failures
            time.sleep(0.005)

    def _run(self):
        while not self._over.is_set():
            try:
                self.answers.append(self._server.ask())
            except (OSError, ValueError) as error:
                self.failures.append(repr(error))


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Start a fake server by its plan; all are ended afterwards.

    Their runtime directory is this test's own: a server that was killed leaves its files, and their names are those
    of a later one at the same port.
    """
    servers = []
    runtime = tempfile.mkdtemp(prefix="hx-")
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)

    def start(**plan):
        servers.append(server := Server(tmp_path, plan))
        return server

    yield start
    for server in servers:
        server.end()
    shutil.rmtree(runtime)


@pytest.fixture
def load():
    """Clients that come one after the other all the time."""
    return Load
