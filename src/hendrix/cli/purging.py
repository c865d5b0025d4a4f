"""Talk with running servers about their caches; also for whoever purges outside of a worker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hendrix.cache.purges import Purge, to_plain
from hendrix.cli.asking import ask
from hendrix.cli.console import Absent
from hendrix.cli.load import load
from hendrix.cli.running import Running, everywhere
from hendrix.cli.voice import Voice
from hendrix.core.config import Config
from hendrix.core.console import Ask
from hendrix.core.errors import HendrixError
from hendrix.core.server_name import serves

_PATIENCE = 10.0


def converse_about(
    server: Running, facts: dict[str, Any], voice: Voice, patience: float = _PATIENCE
) -> list[dict[str, Any]]:
    """What each worker of ``server`` says, within so many seconds. Raises ``HendrixError``."""
    with server.process() as process:
        try:
            done = ask(server, process, Ask("cache", facts), voice, patience)
        except Absent as error:
            raise HendrixError(f"{server} runs, but {error}; its log says how it is") from None
    if done.status:
        raise HendrixError(f"{server}: {done.summary}")
    return list(done.facts.get("workers", ()))


def ask_server(purges: Sequence[Purge]) -> int:
    """Have every running server of ours that serves this project purge; 0 where none runs. Raises ``HendrixError``."""
    settings = load({}, os.environ, Path.cwd()).config.settings or os.environ.get("DJANGO_SETTINGS_MODULE", "")
    facts = {"verb": "purge", "purges": [to_plain(purge) for purge in purges]}
    voice = Voice(Config(quiet=True, verbosity=0))
    servers = [server for server in everywhere(os.environ) if serves(server.name, settings)]
    answers = [answer for server in servers for answer in converse_about(server, facts, voice)]
    return sum(int(answer.get("purged", 0)) for answer in answers)
