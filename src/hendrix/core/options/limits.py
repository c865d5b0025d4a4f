"""Limits and deadlines."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Limits:
    """Limits and deadlines."""

    client_max_body_size: int = option(
        256 * 1024**2,
        values.size,
        "largest request body; past that 413. 0: no limit",
        metavar="SIZE",
    )
    limit_request_line: int = option(
        8190, values.number(64, 65536), "longest request line, bytes; past that 414", metavar="N"
    )
    limit_request_fields: int = option(
        100, values.number(1, 1000), "header fields of a request; past that 431", metavar="N"
    )
    limit_request_field_size: int = option(
        16384, values.number(64, 65536), "longest header field, bytes; past that 431", metavar="N"
    )
    limit_request_head: int = option(
        65536, values.number(256, 262144), "whole head of a request, bytes; past that 431", metavar="N"
    )
    limit_streams: int = option(
        128,
        values.number(1, 10_000),
        "requests at once on a connection of HTTP/2; those past that are refused",
        metavar="N",
    )
    limit_connections: int = option(
        0,
        values.number(0, 1_000_000),
        "open connections per worker; 0: as many as descriptors allow",
        metavar="N",
    )
    head_timeout: float = option(10.0, values.duration, "time to send a whole request head", metavar="TIME")
    body_timeout: float = option(20.0, values.duration, "time to send a body, before its rate counts", metavar="TIME")
    min_rate: int = option(
        500,
        values.size,
        "bytes per second that a peer must send of a body, and take of an answer",
        metavar="SIZE",
    )
    keep_alive: float = option(65.0, values.duration, "time that an idle connection is kept", metavar="TIME")
    write_timeout: float = option(
        30.0, values.duration, "time that a peer may take nothing of an answer", metavar="TIME"
    )
    slow_request: float = option(
        10.0,
        values.duration,
        "log the stack of a request that runs this long; 0: never",
        metavar="TIME",
    )
    timeout: float = option(
        60.0,
        values.duration,
        "answer 504 to a request that runs this long and replace its worker; 0: never",
        "-t",
        metavar="TIME",
    )
