"""``OPTIONS *``: the question is for the server, not for a resource (RFC 9110 section 9.3.7)."""

from __future__ import annotations

from hendrix.core.exchange import Answer, Exchange

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE"


def answer_for_server(inner: Answer) -> Answer:
    """All other requests go to ``inner``."""

    def answer(exchange: Exchange) -> None:
        if exchange.request.path == b"*":
            exchange.respond("204 No Content", [("Allow", _METHODS)], b"")
        else:
            inner(exchange)

    return answer
