"""An error of a launching script that nobody catches is told in one line, as ``hx`` tells it."""

from __future__ import annotations

import sys
from types import TracebackType

from hendrix.cli.complaint import complain
from hendrix.core.errors import HendrixError

_before = sys.excepthook


def _tell(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if isinstance(error, HendrixError):
        complain(error, traceback=False)
    else:
        _before(kind, error, traceback)


def tell_in_one_line() -> None:
    """From now on, in this process; other errors are told as before."""
    global _before
    if sys.excepthook is not _tell:
        _before, sys.excepthook = sys.excepthook, _tell
