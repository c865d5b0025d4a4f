"""``hx top``: what a running server does, live; or once, as text or JSON."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from hendrix.cache.purges import purge_all, to_plain
from hendrix.cli.actions import Switches
from hendrix.cli.asking import PATIENCE, ask
from hendrix.cli.load import Sourced
from hendrix.cli.panes import View, page
from hendrix.cli.requests import looked
from hendrix.cli.running import Running, find
from hendrix.cli.voice import Voice
from hendrix.core.config import Config
from hendrix.core.console import Ask
from hendrix.core.errors import HendrixError
from hendrix.observe.computing import computed
from hendrix.observe.glance import Look, glance

_PATIENCE = 5.0
#: Seconds between two looks.
BEAT = 1.0
_WIDE, _HIGH = 200, 60


def top(sourced: Sourced, switches: Switches) -> int:
    """Returns 0. Raises ``HendrixError`` where no server runs, or nobody could look at it."""
    watched = Watched(sourced)
    if "once" in switches or "json" in switches:
        watched.look()
        time.sleep(BEAT)
        facts = watched.look()
        sys.stdout.write(json.dumps(facts, indent=2) + "\n" if "json" in switches else _text(facts))
        sys.stdout.flush()
        return 0
    if not (os.isatty(0) and os.isatty(1)):
        raise HendrixError("hx top needs a terminal; hx top --once prints what it shows, --json for programs")
    watched.look()
    try:
        from hendrix.cli.screen import run  # noqa: PLC0415 - curses is not everywhere
    except ImportError:
        raise HendrixError("this Python has no curses module; hx top --once works without") from None
    return run(watched)


def _text(facts: Mapping[str, Any]) -> str:
    lines = page(facts, View(message=" "), _WIDE, _HIGH, time.time())
    text = "\n".join(line.rstrip() for line, _ in lines).rstrip()
    errors = page(facts, View(pane="errors", message=" "), _WIDE, _HIGH, time.time()) if facts["errors"] else []
    titles = [number for number, (line, _) in enumerate(errors) if "[ERRORS]" in line]
    more = "\n".join(line.rstrip() for line, _ in errors[titles[0] :]).rstrip() if titles else ""
    return f"{text}\n" + (f"\n{more}\n" if more else "")


class Watched:
    """The server that is watched, over its reloads and restarts; and what may be done to it."""

    def __init__(self, sourced: Sourced) -> None:
        self._sourced = sourced
        self._server: Running | None = None
        self._before: Look | None = None
        self._voice = Voice(Config(quiet=True, verbosity=0))

    def look(self) -> dict[str, Any]:
        """How it is now, against how it was. Raises ``HendrixError``."""
        try:
            facts = self._asked(Ask("metrics"))
            seen: Mapping[str, Any] = {}
            with contextlib.suppress(HendrixError):  # no worker serves just now
                seen = looked(self._found(), self._voice)
        except HendrixError:
            self._server = None  # another one, perhaps, the next time
            raise
        now = Look(time.monotonic(), facts, seen, computed(facts))
        told = glance(self._before, now)
        self._before = now
        return told

    def stack(self, request: str) -> Mapping[str, Any]:
        """What one request does, if it is still under way."""
        seen = looked(self._found(), self._voice, request)
        return next((worker for worker in seen["workers"] if worker.get("request")), {})

    def recycle(self, worker: int) -> None:
        """Have it replaced."""
        self._asked(Ask("recycle", {"worker": worker}))

    def reload(self) -> None:
        """Returns once the new code serves."""
        self._asked(Ask("reload"), PATIENCE)

    def purge(self) -> None:
        """The whole cache."""
        self._asked(Ask("cache", {"verb": "purge", "purges": [to_plain(purge_all())]}))

    def _found(self) -> Running:
        if self._server is None:
            self._server = find(self._sourced, os.environ)
        return self._server

    def _asked(self, what: Ask, patience: float = _PATIENCE) -> dict[str, Any]:
        server = self._found()
        with server.process() as process:
            done = ask(server, process, what, self._voice, patience)
        if done.status:
            raise HendrixError(f"{server}: {done.summary}")
        return done.facts
