"""What goes wrong in the engine itself, or in a handler that nobody waits for, is for whoever runs the tests."""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Iterator

from hendrix.core import events

_lock = threading.Lock()
_wanted = 0


@contextlib.contextmanager
def errors_shown() -> Iterator[None]:
    """On stderr, once, however many want it at the same time."""
    _want(1)
    try:
        yield
    finally:
        _want(-1)


def _want(more: int) -> None:
    global _wanted
    with _lock:
        before, _wanted = _wanted, _wanted + more
        if not before:
            events.listen(_show)
        elif not _wanted:
            events.forget(_show)


def _show(name: str, level: int, facts: dict[str, object]) -> None:
    if level < events.ERROR or name == "view.failed":  # of which Django tells
        return
    error = facts.get("exc")
    told = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
    named = {fact: value for fact, value in facts.items() if fact != "exc"}
    sys.stderr.write(f"hendrix: {name} {named}\n{told}")
