"""A running server asked for something, with what may be wrong with it told in one line."""

from __future__ import annotations

from hendrix.cli.console import converse
from hendrix.cli.process import Process
from hendrix.cli.running import Running
from hendrix.cli.voice import Voice
from hendrix.core.console import Ask, Done
from hendrix.core.errors import HendrixError

PATIENCE = 40.0
"""Seconds for a first word: a restart that another has asked for says nothing until its rehearsal is over."""


def ask(server: Running, process: Process, what: Ask, voice: Voice, patience: float = PATIENCE) -> Done:
    """What the server answers in the end. Raises as ``converse`` does."""
    return converse(server.socket, what, voice.progress, lambda: look(server, process), patience)


def look(server: Running, process: Process) -> None:
    """Raise ``HendrixError`` where it is no use to wait."""
    if process.is_stopped() and not process.ended(0):
        raise HendrixError(f"{server} stands still (^Z, SIGSTOP or a debugger); kill -CONT {server.pid} wakes it")
