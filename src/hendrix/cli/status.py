"""``hx status``: what a running server does."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from typing import Any

from hendrix.cli.actions import Switches
from hendrix.cli.asking import ask
from hendrix.cli.cache import stats
from hendrix.cli.complaint import one_line
from hendrix.cli.console import Absent
from hendrix.cli.given import is_quiet
from hendrix.cli.load import Sourced
from hendrix.cli.purging import converse_about
from hendrix.cli.report import report
from hendrix.cli.requests import looked, requests, stack
from hendrix.cli.running import Running, find
from hendrix.cli.voice import Voice
from hendrix.core.console import Ask, Done
from hendrix.core.errors import HendrixError
from hendrix.observe import colour

_PATIENCE = 10.0
#: A worker that stands still must not hide how the others are, nor one that has to wait for its processor.
_MOMENT = 0.15
#: Seconds that the relay and the supervisor have: they have little to do beside.
_SOON = 1.0


def status(sourced: Sourced, switches: Switches) -> int:
    """Returns 0, and says nothing with ``--quiet``.

    Raises ``HendrixError`` where no server runs or it does not say how it is.
    """
    if switches.operands and "requests" not in switches:
        raise HendrixError(f"{one_line(switches.operands[0])}: the id of a request goes with --requests")
    server, voice = find(sourced, os.environ), Voice(sourced.config)
    facts = {**_asked(server, voice).facts}
    if hub := facts.get("hub"):
        facts["hub"] = {**hub, **_of_hub(hub)}
    as_text = report(facts, time.time(), coloured=colour.wanted(1))
    if any(worker.get("asked") for worker in facts.get("workers", ())):
        facts["cache"] = _of_cache(server, voice)
        as_text += (
            "".join(f"{line and '  '}{line}\n" for line in ("", *stats(facts["cache"]))) if facts["cache"] else ""
        )
    if "requests" in switches:
        facts["requests"], as_text = _requests(server, voice, switches, as_text)
    if "json" in switches or not is_quiet(sourced.levels[0]):
        sys.stdout.write(json.dumps(facts, indent=2) + "\n" if "json" in switches else as_text)
        sys.stdout.flush()
    return 0


def _requests(server: Running, voice: Voice, switches: Switches, text: str) -> tuple[dict[str, Any], str]:
    """What goes on in the workers; with the name of a request, what that one does."""
    wanted = switches.operands[0] if switches.operands else ""
    seen = looked(server, voice, wanted)
    if not wanted:
        return seen, text + "\n" + "".join(f"{line}\n" for line in requests(seen))
    found = next((worker for worker in seen["workers"] if worker.get("request")), None)
    if found is None:
        raise HendrixError(f"no request {one_line(wanted)} is under way; it may be over by now")
    return found, "".join(f"{line}\n" for line in (*requests({"workers": [found]}), *stack(found)))


def _of_cache(server: Running, voice: Voice) -> list[dict[str, Any]]:
    """What the workers say of the cache; nothing where they cannot just now, since the rest is to be seen then."""
    with contextlib.suppress(HendrixError):
        return converse_about(server, {"verb": "stats", "within": _MOMENT}, voice, _SOON)
    return []


def _of_hub(hub: dict[str, Any]) -> dict[str, Any]:
    """What the relay says of itself, if it runs: asking must not start it."""
    if hub.get("pid") is None:
        return {}
    from hendrix.hub.caller import Caller  # noqa: PLC0415 - of no use to most

    try:
        return Caller(str(hub["path"]), patience=_SOON).facts()
    except HendrixError as error:
        return {"silent": str(error)}


def _asked(server: Running, voice: Voice) -> Done:
    with server.process() as process:
        try:
            done = ask(server, process, Ask("status"), voice, _PATIENCE)
        except Absent as error:
            raise HendrixError(f"{server} runs, but {error}; its log says how it is") from None
    if done.status:
        raise HendrixError(f"{server} does not say how it is: {done.summary}")
    return done
