"""``hx stop``: end a running server and wait until it has ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from hendrix.cli.actions import Switches
from hendrix.cli.asking import ask, look
from hendrix.cli.console import Absent, Gone
from hendrix.cli.load import Sourced
from hendrix.cli.process import Process
from hendrix.cli.quantity import duration
from hendrix.cli.running import Running, find
from hendrix.cli.voice import Voice
from hendrix.core.console import Ask
from hendrix.core.errors import HendrixError

_LOOK = 2.0
_LAST_STEPS = 30.0
"""Seconds that a server which has said its last word may take to end."""


def stop(sourced: Sourced, switches: Switches) -> int:
    """Returns 0 once the server has ended. Raises ``HendrixError`` where it has not."""
    server, voice, fast = find(sourced, os.environ), Voice(sourced.config), "fast" in switches
    began = monotonic()
    with server.process() as process, _interrupt_at_the_second(server, voice):
        if _tell(server, process, voice, fast):
            _await(server, process, monotonic() + _LAST_STEPS)
        else:
            _await(server, process, None)
    voice.outcome(f"stopped {server} in {duration(monotonic() - began)}")
    return 0


def _tell(server: Running, process: Process, voice: Voice, fast: bool) -> bool:
    """Whether it has said its last word; else a signal had to do."""
    try:
        done = ask(server, process, Ask("stop", {"fast": True} if fast else {}), voice)
    except Gone:
        return True
    except Absent as error:
        _signal(server, process, fast)
        voice.progress(f"{error}: sent {'SIGINT' if fast else 'SIGTERM'} instead")
        return False
    if done.status:
        raise HendrixError(f"{server} is not stopped: {done.summary}")
    return True


def _signal(server: Running, process: Process, fast: bool) -> None:
    try:
        process.send(signal.SIGINT if fast else signal.SIGTERM)
    except PermissionError:
        raise HendrixError(f"{server} is another user's; stop it as that user or as root") from None


def _await(server: Running, process: Process, deadline: float | None) -> None:
    while not process.ended(_LOOK):
        look(server, process)
        if deadline and monotonic() > deadline:
            raise HendrixError(f"{server} was told to stop and has not ended; kill -KILL {server.pid} ends it")


@contextmanager
def _interrupt_at_the_second(server: Running, voice: Voice) -> Iterator[None]:
    """The first ^C says that the stop goes on, whoever waits for it; the second leaves."""

    def first(signum: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        voice.notice(
            f"{server} goes on stopping; ^C again leaves it to that, hx stop --fast does not wait for requests"
        )

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
