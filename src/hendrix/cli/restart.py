"""``hx restart``: a running server executes its program anew."""

from __future__ import annotations

from hendrix.cli.actions import Switches
from hendrix.cli.load import Sourced
from hendrix.cli.renewal import renew


def restart(sourced: Sourced, switches: Switches) -> int:
    """Returns 0 once nothing but the new program and the new code serves."""
    return renew(sourced, "restart", "restarted", "USR2")
