"""``hx certs``: the certificates of a running server, and renewing them now."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hendrix.cli.actions import Switches
from hendrix.cli.asking import ask
from hendrix.cli.certificates import page, rows
from hendrix.cli.console import Absent
from hendrix.cli.load import Sourced
from hendrix.cli.running import Running, find
from hendrix.cli.voice import Voice
from hendrix.core.console import Ask, Done
from hendrix.core.errors import HendrixError, UsageError

_PATIENCE = 10.0
_RENEWAL_PATIENCE = 1800.0


def certs(sourced: Sourced, switches: Switches) -> int:
    """Returns 0. Raises ``HendrixError`` where no server runs, or a certificate that was to be renewed is not."""
    server, voice = find(sourced, os.environ), Voice(sourced.config)
    if "renew" in switches or "retry" in switches:
        _renew(server, voice, switches.operands, only_failed="renew" not in switches)
    elif switches.operands:
        raise UsageError(
            f"{switches.operands[0]}: names are for --renew and --retry; leave them out, or give one of both"
        )
    found = rows(_ask(server, voice, Ask("status"), _PATIENCE).facts, time.time())
    if "json" in switches:
        text = json.dumps([asdict(row) for row in found], indent=2)
    elif found:
        text = "\n".join(page(found, time.time()))
    else:
        text = f"{server} has no certificates; hx start --domain NAMES, or --key and --cert, gives it some"
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return 0


def _renew(server: Running, voice: Voice, wanted: Sequence[str], *, only_failed: bool) -> None:
    names = list(wanted)
    if only_failed:
        told: list[dict[str, Any]] = _ask(server, voice, Ask("status"), _PATIENCE).facts.get("renewals", [])
        failed = [str(row.get("name")) for row in told if row.get("error")]
        names = [name for name in failed if name in wanted or not wanted]
        if not names:
            return
    done = _ask(server, voice, Ask("renew", {"names": names}), _RENEWAL_PATIENCE)
    if done.status:
        raise HendrixError(done.summary)


def _ask(server: Running, voice: Voice, question: Ask, patience: float) -> Done:
    with server.process() as process:
        try:
            return ask(server, process, question, voice, patience)
        except Absent as error:
            raise HendrixError(f"{server} runs, but {error}; its log says how it is") from None
