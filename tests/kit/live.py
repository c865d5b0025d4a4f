"""A real server for a test, and a client that speaks to it in bytes.

    with serve("apps:app", "--threads", "4", directory=HERE) as server:
        client = server.client()
        client.send(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        assert client.answer().status == 200

``serve`` starts ``python -m hendrix start`` in a directory of its own, waits until it listens, and at the end has it
leave by TERM: exit status 0 and no process left, or the test fails. Nothing here sleeps for a fixed time; ``until``
waits for a condition, with a deadline that is generous because test machines are busy.

With ``HENDRIX_TEST_HTTPS=1`` in the environment the same servers speak HTTPS, and so do the clients.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from tests.kit.certificates import localhost
from tests.kit.client import Client
from tests.kit.http2_client import Http2Client

PATIENCE = 40.0
_LISTENS = re.compile(r"listens at (?:https?://(\S+):(\d+)|\S*unix:(\S+))")
_SECURE = bool(os.environ.get("HENDRIX_TEST_HTTPS"))


def until(condition: Callable[[], object], what: str = "the condition", seconds: float = PATIENCE) -> object:
    """Wait until ``condition()`` is true and return what it gave; fail the test past ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)
    return found


class Server:
    """A running server. ``host`` and ``port`` are where it listens; for a unix socket ``path`` is."""

    #: Do clients speak HTTP/2? Set while the suites run over it.
    over_http2 = False

    def __init__(self, command: list[str], home: Path, environ: dict[str, str]) -> None:
        self.home = home
        self._log = home / "stderr"
        self._output = home / "stdout"
        with self._log.open("wb") as err, self._output.open("wb") as out:
            # A session of its own, so that every process of it can be found again.
            self.process = subprocess.Popen(
                command,
                cwd=home,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self.pid = self.process.pid
        self.host, self.port, self.path = "", 0, ""
        self.secure = _SECURE
        #: Where it speaks HTTPS beside that.
        self.https_port = 0
        #: TERM was sent: a second one could meet a process that is about to exit.
        self._leaving = False
        #: What it had said on stdout and stderr when it had left.
        self.last_output = self.log_at_end = ""

    # --- what it says ----------------------------------------------------------------------------------------

    def log(self) -> str:
        """All that it has said on stderr so far."""
        return self._log.read_text(errors="replace")

    def output(self) -> str:
        """All that it has said on stdout so far."""
        return self._output.read_text(errors="replace")

    def mark(self) -> Callable[[], str]:
        """The log from here on: a function that returns what was said after this call."""
        since = len(self.log())
        return lambda: self.log()[since:]

    def await_log(self, text: str, since: Callable[[], str] | None = None) -> str:
        """Wait until ``text`` is in the log (or in what ``since``, from ``mark``, returns)."""
        read = since or self.log
        until(lambda: text in read(), f"{text!r} in the log")
        return read()

    def await_listening(self) -> None:
        """Wait until it has said where it listens; the workers are ready then."""

        def found() -> re.Match[str] | None:
            assert self.process.poll() is None, f"the server left with {self.process.returncode}:\n{self.log()}"
            return _LISTENS.search(self.log() + self.output())

        match = until(found, "the server to listen")
        assert isinstance(match, re.Match)
        if match[3]:
            self.path = match[3]
        else:
            self.host, self.port = match[1].strip("[]"), int(match[2])
            if secure := re.search(r"https://\S+:(\d+)", self.log() + self.output()):
                self.https_port = int(secure[1])

    # --- its processes -----------------------------------------------------------------------------------------

    def workers(self) -> list[int]:
        """The process ids of its workers, as their titles or its children say."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children if self._title(int(child)).startswith("hendrix: worker")]

    def await_new_worker(self, old: int) -> None:
        """Wait until the worker ``old`` is gone and another is there."""
        until(lambda: (pids := self.workers()) and old not in pids, f"worker {old} to be replaced")

    def _title(self, pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:  # it has ended since it was listed
            return ""

    def signal(self, number: int) -> None:
        """Send a signal to the supervisor."""
        self._leaving = self._leaving or number == signal.SIGTERM
        self.process.send_signal(number)

    def stop(self) -> None:
        """TERM: it must leave with 0, and leave nobody behind."""
        if self.process.poll() is None and not self._leaving:
            self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
            assert status == 0, f"exit status {status}:\n{self.log()}"
            until(lambda: not self._alive(), "its processes to end", 5)
        finally:
            self.kill()

    def kill(self) -> None:
        """End whatever is left of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def _alive(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def protocol(self) -> str:
        """What clients speak, as applications are told and as the access log has it."""
        return "HTTP/2" if Server.over_http2 else "HTTP/1.1"

    # --- clients -------------------------------------------------------------------------------------------------

    def secure_client(self, context: ssl.SSLContext | None = None, name: str = "test.example") -> Client:
        """A new connection to where it speaks HTTPS."""
        sock = socket.create_connection((self.host, self.https_port), timeout=PATIENCE)
        return Client((context or trusting()).wrap_socket(sock, server_hostname=name))

    def client(self, *, timeout: float = PATIENCE, receive_buffer: int = 0) -> Client:
        """A new connection. A small ``receive_buffer`` (bytes) makes a peer that takes little."""
        sock = socket.socket(socket.AF_UNIX if self.path else socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.settimeout(timeout)
        sock.connect(self.path or (self.host, self.port))
        if self.secure:
            sock = trusting().wrap_socket(sock, server_hostname="test.example")
        if Server.over_http2:
            # The suite of HTTP/1.1 runs over HTTP/2: the client is used in the same way.
            return cast("Client", Http2Client(sock, receive_buffer or 1024 * 1024))
        return Client(sock)

    def http2(self, *, window: int = 1024 * 1024, timeout: float = PATIENCE) -> Http2Client:
        """A new connection, on which HTTP/2 is spoken with prior knowledge."""
        sock = socket.create_connection((self.host, self.port), timeout)
        return Http2Client(sock, window)


@functools.cache
def trusting() -> ssl.SSLContext:
    """A client that trusts the authority of the tests."""
    return ssl.create_default_context(cafile=localhost()[2])


@contextlib.contextmanager
def serve(
    app: str,
    *options: str,
    directory: Path,
    bind: str = "127.0.0.1:0",
    environ: dict[str, str] | None = None,
    kind: str = "wsgi",
) -> Iterator[Server]:
    """Serve the application ``app`` (``module:attr``) that is found in ``directory``.

    ``kind`` is the option that names it: ``wsgi``, ``asgi``, or ``settings`` for a Django project. ``options`` are
    further flags; ``environ`` is added to the environment. ``bind`` may name ``{home}``, the directory that the server
    runs in.
    """
    with _served([f"--{kind}", app, "--pythonpath", str(directory), *options], bind, environ or {}) as server:
        yield server


@contextlib.contextmanager
def serve_django(settings: str, *options: str, directory: Path, **environ: str) -> Iterator[Server]:
    """Serve the Django project whose settings are the module ``settings`` in ``directory``."""
    words = ["--settings", settings, "--pythonpath", str(directory), *options]
    with _served(words, "127.0.0.1:0", environ) as server:
        yield server


@contextlib.contextmanager
def _served(options: list[str], bind: str, environ: dict[str, str]) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="hx-") as home:
        command = [sys.executable, "-m", "hendrix", "start", *options, "--bind", bind.replace("{home}", home)]
        if _SECURE:
            command += ["--https-only", "--cert", localhost()[0], "--key", localhost()[1]]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("HX_", "DJANGO_"))}
        server = Server(command, Path(home), {**clean, **environ})
        try:
            server.await_listening()
            yield server
        except BaseException:
            server.kill()
            raise
        server.stop()
        server.last_output, server.log_at_end = server.output(), server.log()
