"""What reload and restart have in common: a running server gets new code, or keeps the old."""

from __future__ import annotations

import os
from time import monotonic

from hendrix.cli.asking import ask
from hendrix.cli.console import Absent, Gone
from hendrix.cli.load import Sourced
from hendrix.cli.process import Process
from hendrix.cli.quantity import duration
from hendrix.cli.running import Running, find
from hendrix.cli.voice import Voice
from hendrix.core.console import Ask, Done
from hendrix.core.errors import HendrixError, ProjectError

_END = 5.0  # seconds for a process to end after its sockets did


def renew(sourced: Sourced, do: str, done: str, signal: str) -> int:
    """Ask for ``do``; ``done`` is the word for success, ``signal`` what has the same done without a socket.

    Returns 0. Raises ``ProjectError`` where the new code does not load, ``HendrixError`` for everything else.
    """
    server, voice = find(sourced, os.environ), Voice(sourced.config)
    began = monotonic()
    with server.process() as process:
        try:
            answer = ask(server, process, Ask(do), voice)
        except Gone:
            raise _gone(server, process, done) from None
        except Absent as error:
            raise HendrixError(f"{server} is not {done}: {error}; kill -{signal} {server.pid} does it") from None
    _judge(server, answer, done)
    voice.outcome(f"{done} {server} in {duration(monotonic() - began)}")
    return 0


def _gone(server: Running, process: Process, done: str) -> HendrixError:
    if process.ended(_END):
        return HendrixError(f"{server} is not {done}: it ended meanwhile; its log may say why")
    return HendrixError(f"{server} broke off while it was to be {done}; hx status shows how it is")


def _judge(server: Running, answer: Done, done: str) -> None:
    if answer.status == 0:
        return
    reason = answer.summary.removeprefix(f"not {done}: ") or "it does not say why"
    if answer.status == ProjectError.exit_status:
        raise ProjectError(f"{server} is not {done}, and serves on as it was: {reason}", answer.traceback)
    raise HendrixError(f"{server} is not {done}: {reason}")
