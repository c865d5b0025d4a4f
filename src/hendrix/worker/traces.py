"""Requests traced in this worker, where that is wanted (``--otel``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hendrix.core.config import Config
from hendrix.worker.receiving import Receiving

if TYPE_CHECKING:
    from hendrix.observe.tracing import Traces

Over = Callable[[Receiving], None]


def begin(config: Config) -> Traces | None:
    """After the fork: it has a thread, and connections of its own."""
    if not config.otel:
        return None
    from hendrix.observe.tracing import Traces  # noqa: PLC0415 - an extra, and large

    return Traces(config.subject)


def ending(traces: Traces, then: Over | None) -> Over:
    """What is called with an exchange that is over: its span ends, and ``then`` it is counted."""

    def over(exchange: Receiving) -> None:
        request = exchange.request
        noted = request.noted
        if noted is not None and (span := noted.span) is not None:
            status, complete = exchange.status, exchange.complete
            traces.end(span, request.method, noted.route, noted.view, status, complete=complete)
        if then is not None:
            then(exchange)
        request.noted = None

    return over
