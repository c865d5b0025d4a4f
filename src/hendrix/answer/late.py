"""Answers that are given later than they were asked for, from a callback of the loop."""

from __future__ import annotations

from collections.abc import Callable

from hendrix.answer.failure import failure
from hendrix.core.errors import PeerError
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Exchange


def answer_late(exchange: Exchange, answer: Callable[[], None]) -> None:
    """The connection, which sees to what an answer raises, is not there any more as its caller."""
    try:
        answer()
    except PeerError as error:
        fail(exchange, error.status, error.reason)
    except Exception as error:
        emit("answer.failed", ERROR, request=exchange.request.method, id=exchange.request_id, exc=error)
        fail(exchange, 500, "the server failed")


def fail(exchange: Exchange, code: int, reason: str) -> None:
    """Answer with an error page of the server, or break off where an answer has begun."""
    if exchange.started:
        exchange.abort()
    else:
        exchange.respond(*failure(code, reason, exchange.request.fields.get(b"accept", b"")))
