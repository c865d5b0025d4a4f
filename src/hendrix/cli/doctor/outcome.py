"""A probe, run within its time. What goes wrong in it is told like any other fact."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from hendrix.core.record import record

#: Seconds for each: a database that does not answer must not hold up the rest.
PATIENCE = 10.0


@record(frozen=True)
class Outcome:
    """``fact`` is one of ``facts``, or a list or dict of such; ``None`` where there is an ``error``."""

    fact: Any = None
    error: str = ""


def probed(probe: Callable[[], Any], patience: float = PATIENCE) -> Outcome:
    """Call it in a thread of its own, which is left behind where it takes too long."""
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(_called(probe)), daemon=True)
    thread.start()
    thread.join(patience)
    return found[0] if found else Outcome(error=f"no answer within {patience:g} seconds")


def _called(probe: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(probe())
    except BaseException as error:  # the project's code may raise anything, SystemExit too
        return Outcome(error=" ".join(f"{type(error).__name__}: {error}".split())[:300])
