"""Whose fault it is that something does not load: the project's, told by its own traceback."""

from __future__ import annotations

import contextlib
import os
import traceback
from typing import Any

from hendrix.core.errors import ProjectError

#: Where our own code is.
_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


@contextlib.contextmanager
def projects_fault(what: str) -> Any:
    """Whatever is raised within is the project's, and shown with its own traceback."""
    try:
        yield
    except ProjectError:
        raise
    except BaseException as error:
        reason = str(error).strip().splitlines()
        summary = f"{what}: {type(error).__name__}: {reason[0] if reason else 'no reason given'}"
        raise ProjectError(summary, _own_traceback(error)) from error


def _own_traceback(error: BaseException) -> str:
    """Without the frames that are ours or the import system's: the project's author wants to see his own."""
    frames = traceback.TracebackException.from_exception(error)
    kept = [frame for frame in frames.stack if not _is_ours(frame.filename)]
    frames.stack = traceback.StackSummary.from_list(kept)
    return "".join(frames.format())


def _is_ours(filename: str) -> bool:
    return filename.startswith(("<frozen importlib", _PACKAGE))
