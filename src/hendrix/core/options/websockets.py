"""WebSockets."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Websockets:
    """WebSockets."""

    ws_max_size: int = option(
        16 * 1024**2,
        values.size,
        "largest message, decompressed; past that close 1009. 0: no limit",
        metavar="SIZE",
    )
    ws_max_queue: int = option(
        32,
        values.number(1, 100_000),
        "messages that may wait for the application; past that the peer waits",
        metavar="N",
    )
    ws_ping_interval: float = option(20.0, values.duration, "time between pings; 0: none", metavar="TIME")
    ws_ping_timeout: float = option(20.0, values.duration, "time to answer a ping; 0: for ever", metavar="TIME")
    ws_per_message_deflate: bool = option(True, values.switch, "compress messages if the peer offers it")
