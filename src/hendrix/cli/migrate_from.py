"""``hx migrate-from``: what another server was told, as a ``hendrix.toml``."""

from __future__ import annotations

import json
import sys

from hendrix.cli.actions import Switches
from hendrix.cli.load import Sourced
from hendrix.cli.migrate.reading import read_any
from hendrix.core.errors import UsageError


def migrate_from(sourced: Sourced, switches: Switches) -> int:
    """Print it. Returns 0. Raises ``UsageError`` where it cannot be read."""
    if not switches.operands:
        raise UsageError("hx migrate-from needs a file (gunicorn.conf.py, Procfile, ...) or a command line in quotes")
    migration = read_any(list(switches.operands))
    text = json.dumps(migration.facts(), indent=2) + "\n" if "json" in switches else migration.toml()
    sys.stdout.write(text)
    return 0
