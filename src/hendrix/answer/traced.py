"""Requests with a span (OpenTelemetry): it is that of their context, so what the project traces is within."""

from __future__ import annotations

from contextvars import copy_context
from time import monotonic
from typing import Any, Protocol

from hendrix.answer import wsgi
from hendrix.answer.measured import WsgiCall
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import Origin, Request
from hendrix.core.noted import Named


class Tracing(Protocol):
    """See ``observe.tracing.Traces``."""

    def begin(self, request: Request, origin: Origin, request_id: str) -> Any: ...


def tracing(traces: Tracing, name: str, inner: Answer) -> Answer:
    """What ``inner`` answers on the loop is its, and has a span; it is that of the call, and of tasks begun in it."""

    def answer(exchange: Exchange) -> None:
        copy_context().run(begin, exchange)

    def begin(exchange: Exchange) -> None:
        span = traces.begin(exchange.request, exchange.origin, exchange.request_id)
        exchange.request.noted = Named(name, span=span)
        inner(exchange)

    return answer


def traced_wsgi(traces: Tracing) -> type[WsgiCall]:
    """Calls of a WSGI application with spans."""

    class Traced(WsgiCall):
        __slots__ = ()

        def run(self) -> None:
            # In a context of its own, as the thread's is the next request's as well.
            copy_context().run(self._within)

        def _within(self) -> None:
            exchange = self.exchange
            span = traces.begin(exchange.request, exchange.origin, exchange.request_id)
            exchange.request.noted = Named("(wsgi)", monotonic() - self._queued, span)
            wsgi.Call.run(self)

    return Traced
