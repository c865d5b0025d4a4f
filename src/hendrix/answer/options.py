"""Questions for the server itself: ``OPTIONS *`` (RFC 9110 section 9.3.7), and how it is."""

from __future__ import annotations

from hendrix.answer.health import Ready, tell_health
from hendrix.core.exchange import Answer, Exchange

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE"


def answer_for_server(health: str, ready: Ready, inner: Answer) -> Answer:
    """All other requests go to ``inner``. ``health``: the path for the second question; empty: it is not answered."""
    own: dict[bytes, Answer] = {b"*": _tell_methods}
    if health:
        own[health.encode()] = tell_health(ready, inner)

    def answer(exchange: Exchange) -> None:
        own.get(exchange.request.path, inner)(exchange)

    return answer


def _tell_methods(exchange: Exchange) -> None:
    exchange.respond("204 No Content", [("Allow", _METHODS)], b"")
