"""Messages between processes."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Hub:
    """Messages between processes."""

    hub: str = option(
        "",
        values.redis,
        "messages between several machines, by a Redis or Valkey server: redis://host:6379/0, rediss: or unix:///path",
        metavar="URL",
        reloadable=False,
    )
    hub_history: int = option(
        100,
        values.number(0, 1_000_000),
        "messages that each topic keeps for who comes back; 0: none",
        metavar="N",
        reloadable=False,
    )
    hub_history_time: float = option(
        300.0, values.duration, "age of the oldest message that is kept", metavar="TIME", reloadable=False
    )
    hub_memory: int = option(
        64 * 1024**2,
        values.hub_memory,
        "memory in which messages outlive their process; a quarter of it is for those that are kept",
        metavar="SIZE",
        reloadable=False,
    )
