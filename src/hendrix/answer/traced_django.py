"""Django's requests with spans: see ``traced``."""

from __future__ import annotations

from typing import Any

from hendrix.answer.django import Call
from hendrix.answer.measured_django import MeasuredCall
from hendrix.answer.traced import Tracing


def traced_call(traces: Tracing) -> type[MeasuredCall]:
    """Requests whose spans ``traces`` begins."""

    class TracedCall(MeasuredCall):
        """``_started`` is called in the request's own context, in which its view runs, be it async."""

        __slots__ = ("_span",)

        def _started(self) -> Any:
            exchange = self.exchange
            self._span = traces.begin(exchange.request, exchange.origin, exchange.request_id)
            return Call._started(self)

        @property
        def span(self) -> Any:
            return getattr(self, "_span", None)

    return TracedCall
