"""Django's requests, measured: see ``measured``. What is done here is done for each request, so it is little."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, BinaryIO

from hendrix.answer.delivery import Parking
from hendrix.answer.django import Build, Call
from hendrix.answer.django_handler import Handler
from hendrix.answer.failure import shed
from hendrix.answer.tasks import Tasks
from hendrix.core.exchange import Answer, Exchange


class MeasuredCall(Call):
    """One request; see ``core.noted.Noted``. Which view it is Django has said by the time that anybody asks."""

    __slots__ = ("queued", "waited")

    queued: float
    """When it was put in line."""
    waited: float

    def _begin(self) -> None:
        self.waited = monotonic() - self.queued
        self.exchange.request.noted = self
        Call._begin(self)

    @property
    def span(self) -> Any:
        """See ``Noted.span``."""
        return None

    @property
    def route(self) -> str:
        """See ``Noted.route``."""
        match: Any = getattr(getattr(self, "_request", None), "resolver_match", None)
        return "" if match is None else str(match.route)


Through = Callable[[Handler, Build, Parking, Tasks], Answer]


def measured(kind: type[MeasuredCall]) -> Through:
    """See ``django.plain``: each request is one of ``kind``."""

    def through(handler: Handler, build: Build, threads: Parking, tasks: Tasks) -> Answer:
        def answer(exchange: Exchange) -> None:
            def run(body: BinaryIO) -> None:
                call = kind(handler, build, exchange, body, threads, tasks)
                call.queued = monotonic()
                if not threads.submit(call):
                    shed(exchange)

            exchange.collect(run)

        return answer

    return through
