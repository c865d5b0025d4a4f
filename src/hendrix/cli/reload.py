"""``hx reload``: a running server loads its code anew."""

from __future__ import annotations

from hendrix.cli.actions import Switches
from hendrix.cli.load import Sourced
from hendrix.cli.renewal import renew


def reload(sourced: Sourced, switches: Switches) -> int:
    """Returns 0 once nothing but the new code serves."""
    return renew(sourced, "reload", "reloaded", "HUP")
