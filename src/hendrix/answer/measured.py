"""WSGI and ASGI applications that tell those who count that it was them, and how long a request waited for a thread.

Only sites that are measured have these in the place of the plain ones.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, BinaryIO

from hendrix.answer import wsgi
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.noted import Named, Noted


def noting(noted: Noted, inner: Answer) -> Answer:
    """What ``inner`` answers is its."""

    def answer(exchange: Exchange) -> None:
        exchange.request.noted = noted
        inner(exchange)

    return answer


class WsgiCall(wsgi.Call):
    """One call of a WSGI application."""

    __slots__ = ("_queued",)

    def __init__(self, application: Any, build: Any, exchange: Exchange, body: BinaryIO, threads: Any) -> None:
        super().__init__(application, build, exchange, body, threads)
        self._queued = monotonic()

    def run(self) -> None:
        """See ``Job.run``."""
        self.exchange.request.noted = Named("(wsgi)", monotonic() - self._queued)
        super().run()
