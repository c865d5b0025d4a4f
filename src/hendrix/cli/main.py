"""``hx`` from the first word to the exit status: 0 clean, 1 usage, 3 the project does not load."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hendrix import __version__
from hendrix.cli import standard
from hendrix.cli.actions import ACTIONS
from hendrix.cli.command import Command, parse
from hendrix.cli.complaint import complain
from hendrix.cli.help import page
from hendrix.cli.load import load, load_for_one
from hendrix.core.errors import UsageError

_WIDEST = 110


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``hx`` with the words of ``argv`` (those of the process by default); returns the exit status."""
    standard.complete()
    words = list(sys.argv[1:] if argv is None else argv)
    traceback = "--traceback" in words
    try:
        if not words:
            return _show(page("", _width())) or 1
        command = parse(words)
        if command.help or command.help_all or command.version:
            return _show(_about(command))
        action = ACTIONS[command.action]
        read = load_for_one if action.needs_a_server else load
        sourced = read(command.flags, os.environ, _here())
        traceback = sourced.config.traceback
        return action.run(sourced, command.switches)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _unread()
    except Exception as error:  # the one place where errors become words
        return complain(error, traceback=traceback)


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current directory is gone; go to one that is there") from None


def _about(command: Command) -> str:
    if command.version:
        return f"hendrix {__version__}\n"
    return page(command.action, _width(), everything=command.help_all)


def _show(text: str) -> int:
    sys.stdout.write(text)
    sys.stdout.flush()
    return 0


def _unread() -> int:
    """As in ``hx status | head -1``: nobody reads the rest, and Python must not try to write it at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _width() -> int:
    try:
        return min(os.get_terminal_size(sys.stdout.fileno()).columns, _WIDEST)
    except (OSError, ValueError):
        return _WIDEST
