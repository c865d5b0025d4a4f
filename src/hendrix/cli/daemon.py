"""``-d``: a server in the background, in a session of its own, without a terminal, whose caller knows how it began.

The caller waits on a pipe: it is told that all is ready, or what went wrong, in the words that a start in the
foreground would have said. As it adopts the orphan meanwhile it also sees one that dies without a word.
"""

from __future__ import annotations

import io
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from typing import Any

from hendrix.cli import statedir
from hendrix.cli.complaint import complain
from hendrix.cli.process import Process
from hendrix.core.config import Config
from hendrix.core.errors import HendrixError, UsageError
from hendrix.supervisor import process

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOCTTY
_LOOK = 0.1  # seconds between looks at a process that may die without closing the pipe


class Caller:
    """Whoever started the daemon, as the daemon sees it. It may have gone."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def born(self) -> None:
        """The daemon is there, as this process."""
        self._tell(pid=os.getpid())

    def ready(self, line: str) -> None:
        """All workers serve; the caller shows ``line`` and leaves."""
        self._tell(ready=line)
        self.close()

    def failed(self, status: int, complaint: str) -> None:
        """Nothing came of it; the caller shows ``complaint`` and leaves with ``status``."""
        self._tell(status=status, complaint=complaint)
        self.close()

    def close(self) -> None:
        """Say nothing more."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _tell(self, **facts: object) -> None:
        if self._fd is None:
            return
        data = json.dumps(facts).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            pass  # it did not wait


def launch(config: Config, serve: Callable[[Caller], int]) -> int:
    """Have ``serve`` run in a daemon that talks to ``config.log``. Returns the exit status.

    It returns in two processes: in the caller when the daemon is ready or has failed, in the daemon when it ends.
    Raises ``UsageError`` where the log cannot be written, and ``HendrixError`` where the daemon dies silently.
    """
    statedir.make(config.log)
    os.close(_opened(config.log))
    reader, writer = os.pipe()
    process.adopt_orphans()
    sys.stdout.flush()
    sys.stderr.flush()
    me, middle = os.getpid(), os.fork()
    if middle == 0:
        os.close(reader)
        return _detach(config, me, Caller(writer), serve)
    os.close(writer)
    os.waitpid(middle, 0)
    with os.fdopen(reader, "rb") as pipe:
        return _outcome(pipe, config)


def talk_to(path: str) -> None:
    """Have what this process and its children print go to the log file ``path``. Raises ``UsageError``."""
    fd = _opened(path)
    for standard in (1, 2):
        os.dup2(fd, standard)
    os.close(fd)


def _opened(path: str) -> int:
    try:
        return os.open(path, _FLAGS, 0o640)
    except OSError as error:
        raise UsageError(f"--log: cannot open {path}: {error.strerror}") from None


# --- in the daemon ----------------------------------------------------------------------------------------


def _detach(config: Config, caller_pid: int, caller: Caller, serve: Callable[[Caller], int]) -> int:
    os.setsid()
    if os.fork():
        os._exit(0)  # no longer a session's leader, the daemon cannot come by a terminal again
    caller.born()
    if os.environ.get("LISTEN_PID") == str(caller_pid):  # sockets that are meant for the server, which we are by now
        os.environ["LISTEN_PID"] = str(os.getpid())
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    talk_to(config.log)
    try:
        status = serve(caller)
    except Exception as error:
        said = io.StringIO()
        caller.failed(complain(error, traceback=config.traceback, to=said), said.getvalue())
        raise
    caller.failed(1, "hx: the server was told to stop before it was ready\n")
    return status


# --- in the caller ----------------------------------------------------------------------------------------


def _outcome(pipe: io.BufferedReader, config: Config) -> int:
    told: dict[str, Any] = json.loads(pipe.readline() or b"{}")
    if "pid" not in told:
        raise HendrixError(f"the server died at once; {config.log} may say why")
    pid = int(told["pid"])
    try:
        told = _word(pipe, pid)
    except KeyboardInterrupt:
        os.kill(pid, signal.SIGTERM)
        raise
    if "ready" in told:
        if told["ready"]:
            print(told["ready"], flush=True)
        return 0
    if "status" not in told:
        raise HendrixError(f"the server (pid {pid}) died without a word{_reason(pid)}; {config.log} may say why")
    sys.stderr.write(told["complaint"])
    sys.stderr.flush()
    return int(told["status"])


def _word(pipe: io.BufferedReader, pid: int) -> dict[str, Any]:
    """What the daemon says; nothing where it ends without. Its children may hold the pipe open longer than it."""
    os.set_blocking(pipe.fileno(), False)
    said = b""
    with Process(pid) as daemon:
        while not said.endswith(b"\n"):
            select.select([pipe], [], [], _LOOK)
            over, part = daemon.ended(0), pipe.read()
            said += part or b""
            if part == b"" or (over and not part):
                break
    return dict(json.loads(said)) if said.endswith(b"\n") else {}


def _reason(pid: int) -> str:
    try:
        return f": {process.describe(os.waitpid(pid, 0)[1])}"
    except ChildProcessError:  # not adopted
        return ""
