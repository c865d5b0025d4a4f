"""The options dict of a script: names of today and of the old project, checked one by one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from hendrix.cli.actions import ACTIONS
from hendrix.cli.given import read
from hendrix.cli.nearest import advice
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError
from hendrix.options import Defaults

#: Old name -> today's.
RENAMED = {"max_upload_bytes": "client_max_body_size", "daemon": "daemonize"}
#: May be things, and not only their names.
THINGS = ("wsgi", "asgi", "services", "resources")


def split(options: Mapping[str, Any], action: str) -> Iterator[tuple[str, Any]]:
    """Name and value of what ``options`` say. None says nothing, nor does what ``options()`` had already.

    Raises ``UsageError``.
    """
    if action not in ACTIONS:
        raise UsageError(f"unknown action {action!r}; {advice(action, ACTIONS, 'it is one of ' + ', '.join(ACTIONS))}")
    said = options.changed() if isinstance(options, Defaults) else options
    for name, value in said.items():
        if value is None:
            continue
        today = RENAMED.get(name, name).replace("-", "_")
        if today not in OPTIONS:
            hint = advice(name, OPTIONS, "hx start --help-all lists them")
            raise UsageError(f"{place(name)} is no option; {hint}")
        yield today, value if today in THINGS and not isinstance(value, str) else read(today, value, place(name)).value


def place(name: str) -> str:
    """Where it was said, for an error line."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return f"{os.path.basename(script)}: options[{name!r}]" if script else f"options[{name!r}]"


def need(*names: str, what: str) -> None:
    """Raises ``UsageError`` where this version does not have these options yet."""
    missing = [name for name in names if name not in OPTIONS]
    if missing:
        raise UsageError(f"this version has no {what} yet (options {', '.join(missing)}); use HendrixDeploy meanwhile")
