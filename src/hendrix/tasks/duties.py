"""What is to follow one response, and how a function finds the response of its request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import cast

from hendrix.core.events import DEBUG, emit
from hendrix.core.request_id import bearer
from hendrix.tasks.crew import Crew
from hendrix.tasks.duty import Duty


class Duties(list[Duty]):
    """Those of one response, in order. ``ours`` says that a server of ours will see to them.

    ``request_id`` is for whoever logs something meanwhile: see ``core.request_id``.
    """

    __slots__ = ("ours", "over", "request_id")

    def __init__(self, ours: bool = True, request_id: str = "") -> None:
        super().__init__()
        self.ours = ours
        self.over = False
        self.request_id = request_id


#: Of the request at hand.
current = cast("ContextVar[Duties | None]", bearer)
#: Nobody may add to a list that has been taken.
_lock = threading.Lock()


def add(duty: Duty) -> bool:
    """To the response of the request at hand. False: there is none, or it has been sent."""
    duties = current.get()
    if duties is None:
        return False
    with _lock:
        if not duties.over:
            duties.append(duty)
        return not duties.over


def take(duties: Duties) -> list[Duty]:
    """All of them; none is added from now on."""
    with _lock:
        duties.over = True
        taken = list(duties)
        # Each knows the context that it came from, where this list is.
        duties.clear()
    return taken


def settle(duties: Duties, code: int, request_id: str, crew: Crew) -> Callable[[int], None] | None:
    """At the end of a request, in its thread, its answer on the way: ``code`` is its status as far as it is known.

    What wants this very thread is run, and so is everything where the crew has too much to do: the thread is then not
    there for other requests, and they wait. For the rest a call is returned, which is to be given the status that was
    sent, once that has happened.
    """
    taken = take(duties)
    away = [duty for duty in taken if not duty.here]
    fits = bool(away) and crew.reserve()
    for duty in taken:
        if duty.here or (not fits and duty.spawn is None):
            _run(duty, code, request_id)
    later = [duty for duty in away if fits or duty.spawn is not None]
    if not later:
        return None

    def begin(sent: int) -> None:
        mine = [duty for duty in later if duty.spawn is None]
        for duty in later:
            if duty.spawn is not None:
                duty.spawn(partial(_run, duty, sent, request_id))
        if fits:
            crew.put([duty.name for duty in mine], lambda: _run_all(mine, sent, request_id))

    return begin


def _run_all(duties: list[Duty], code: int, request_id: str) -> None:
    for duty in duties:
        _run(duty, code, request_id)


def _run(duty: Duty, code: int, request_id: str) -> None:
    if code in duty.skip:
        emit("background.skipped", DEBUG, task=duty.name, id=request_id, status=code)
        return
    duty.run(request_id)
