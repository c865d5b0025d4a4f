"""How ``hx`` says that something is wrong: one line on stderr, after the traceback that belongs to it."""

from __future__ import annotations

import sys
from typing import TextIO

from hendrix.core.errors import HendrixError, ProjectError
from hendrix.observe import colour


def complain(error: Exception, *, traceback: bool, to: TextIO | None = None) -> int:
    """Tell the user of ``error``; with ``traceback`` where in Hendrix it came from. Returns the exit status."""
    stream = to or sys.stderr
    if isinstance(error, ProjectError) and error.traceback:
        stream.write(error.traceback.rstrip("\n") + "\n")
    if traceback:
        import traceback as tracebacks  # noqa: PLC0415 - only asked for when something failed

        tracebacks.print_exception(error, file=stream)
    name = f"{colour.RED}hx:{colour.RESET}" if _coloured(stream) else "hx:"
    print(name, one_line(_said(error)), file=stream, flush=True)
    return getattr(error, "exit_status", 1)


def _coloured(stream: TextIO) -> bool:
    try:
        return colour.wanted(stream.fileno())
    except (OSError, ValueError):  # no real file
        return False


def _said(error: Exception) -> str:
    if isinstance(error, HendrixError):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}; --traceback shows where"


def one_line(text: str) -> str:
    """What the user typed may hold anything; it must neither break the line nor steer the terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
