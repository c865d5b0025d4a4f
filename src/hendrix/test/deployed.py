"""A server in processes of its own, for a test: ``hx start`` at a port that nobody else has."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hendrix.core.errors import HendrixError
from hendrix.deploy.given import split
from hendrix.deploy.launch import flags, variables

_PATIENCE = 30.0
#: Variables that would have a say in what is served.
_OURS = ("HX_", "DJANGO_SETTINGS_MODULE", "WEB_CONCURRENCY", "PORT", "LISTEN_FDS", "LISTEN_PID")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, as UTF-8."""
        return self.body.decode()


class Deployed:
    """Up from the constructor until ``stop``. Raises ``HendrixError`` with the log where it does not come up."""

    def __init__(self, options: Mapping[str, Any], directory: str | None = None) -> None:
        given = dict(split(options, "start"))
        self._home = Path(tempfile.mkdtemp(prefix="hendrix-test-"))
        self._log = self._home / "log"
        with socket.create_server(("127.0.0.1", 0)) as listening, self._log.open("wb") as log:
            self.host, self.port = listening.getsockname()
            fd = listening.fileno()
            words = [*flags(given), f"--bind=fd://{fd}", f"--pid={self._home / 'pid'}"]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hendrix", "start", *words],
                cwd=directory or os.getcwd(),
                env={**self._environ(), **variables(given)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[fd],
                start_new_session=True,
            )
        self._await_ready()

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """That of the parent process."""
        return self._process.pid

    def log(self) -> str:
        """All that it has said so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def request(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask, on a connection of its own. Blocks: a test that uses the reactor calls it by ``deferToThread``."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_PATIENCE)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def stop(self) -> int:
        """End it and wait until it has ended; the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_PATIENCE)
        finally:
            self._end_all()
            shutil.rmtree(self._home, ignore_errors=True)

    def _end_all(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "NO_COLOR": "1"}

    def _await_ready(self) -> None:
        """It accepts what waits at the socket once it is ready."""
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log()
                self.stop()
                raise HendrixError(f"the server did not come up:\n{said}")

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), 0.5) as sock:
                sock.sendall(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return sock.recv(64).startswith(b"HTTP/1.1 ")
        except OSError:
            time.sleep(0.02)
            return False
