"""Development: what happened, for who sits before the terminal. Routine is left out, and so is what they know.

12:04:31 code.changed  shop/views.py
12:04:32 reload.done   the new code serves, after 0.3 s
12:04:40 reload.failed SyntaxError: '(' was never closed (views.py, line 7); the code before serves on
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping

from hendrix.observe.facts import printable, render, value

Facts = Mapping[str, object]

#: Every reload makes these; that it went well is one line of its own.
_ROUTINE = frozenset(
    ("template.loaded", "worker.ready", "worker.replaced", "worker.draining", "server.stopping", "server.stopped")
)
_WIDTH = len("reload.failed")


def news(name: str, level: int, facts: Facts) -> str:
    """The event as a line without its time; empty where it is none."""
    if name in _ROUTINE and level <= logging.INFO:
        return ""
    say = _SAID.get(name)
    return f"{name:<{_WIDTH}} {printable(say(facts))}" if say else render(name, facts)


def clock(moment: float) -> str:
    """Local time, without the date: who reads it sits before it."""
    return time.strftime("%H:%M:%S", time.localtime(moment))


def _changed(facts: Facts) -> str:
    return str(facts.get("files", "")).replace(os.getcwd() + os.sep, "")


def _reloaded(facts: Facts) -> str:
    seconds = facts.get("seconds", 0.0)
    return f"the new code serves, after {seconds:.1f} s" if isinstance(seconds, float) else value(seconds)


def _not_reloaded(facts: Facts) -> str:
    rest = "the code before serves on" if facts.get("serving") else "the next save is waited for"
    return f"{facts.get('summary', '')}; {rest}"


_SAID: dict[str, Callable[[Facts], str]] = {
    "code.changed": _changed,
    "reload.done": _reloaded,
    "reload.failed": _not_reloaded,
}
