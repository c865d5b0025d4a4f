"""``hx status``: what a running server does."""

from __future__ import annotations

import json
import os
import sys
import time

from hendrix.cli.actions import Switches
from hendrix.cli.asking import ask
from hendrix.cli.console import Absent
from hendrix.cli.load import Sourced
from hendrix.cli.report import report
from hendrix.cli.running import Running, find
from hendrix.cli.voice import Voice
from hendrix.core.console import Ask, Done
from hendrix.core.errors import HendrixError
from hendrix.observe import colour

_PATIENCE = 10.0


def status(sourced: Sourced, switches: Switches) -> int:
    """Returns 0. Raises ``HendrixError`` where no server runs or it does not say how it is."""
    server = find(sourced, os.environ)
    facts = _asked(server, Voice(sourced.config)).facts
    as_text = report(facts, time.time(), coloured=colour.wanted(1))
    sys.stdout.write(json.dumps(facts, indent=2) + "\n" if "json" in switches else as_text)
    sys.stdout.flush()
    return 0


def _asked(server: Running, voice: Voice) -> Done:
    with server.process() as process:
        try:
            done = ask(server, process, Ask("status"), voice, _PATIENCE)
        except Absent as error:
            raise HendrixError(f"{server} runs, but {error}; its log says how it is") from None
    if done.status:
        raise HendrixError(f"{server} does not say how it is: {done.summary}")
    return done
