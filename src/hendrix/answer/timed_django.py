"""Django's requests in development: ``Server-Timing`` shows in the browser's tools where the time went."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.db import connections
from django.db.backends.signals import connection_created

from hendrix.answer.django import Call
from hendrix.answer.django_handler import Handler
from hendrix.answer.measured_django import MeasuredCall


class Times:
    """Of one request, in seconds."""

    __slots__ = ("database", "queries", "view")

    def __init__(self) -> None:
        self.view = self.database = 0.0
        self.queries = 0


_times: ContextVar[Times | None] = ContextVar("hendrix_times", default=None)


def timed_call(kind: type[MeasuredCall]) -> type[MeasuredCall]:
    """``kind``, with the header."""

    class TimedCall(kind):  # type: ignore[misc, valid-type]
        __slots__ = ("_times",)

        def _started(self) -> Any:
            self._times = Times()
            _times.set(self._times)
            return kind._started(self)

        def _deliver(self, response: Any) -> None:
            told = shown(self._times, self.waited, monotonic() - self.queued)
            before = response.headers.get("Server-Timing")
            response.headers["Server-Timing"] = f"{before}, {told}" if before else told
            Call._deliver(self, response)

    return TimedCall


def shown(times: Times, waited: float, total: float) -> str:
    """The value of the field, in milliseconds (W3C Server Timing)."""
    parts = [f"total;dur={total * 1e3:.1f}", f"queue;dur={waited * 1e3:.1f}", f"view;dur={times.view * 1e3:.1f}"]
    if times.queries:
        queries = f"{times.queries} quer{'y' if times.queries == 1 else 'ies'}"
        parts.append(f'db;dur={times.database * 1e3:.1f};desc="{queries}"')
    return ", ".join(parts)


def time_views(handler: Handler) -> None:
    """Have views and queries of ``handler``'s project timed from now on."""
    plain = handler.make_view_atomic
    handler.make_view_atomic = lambda view: _timed(plain(view))
    connection_created.connect(_listen, dispatch_uid="hendrix.timing")
    for connection in connections.all(initialized_only=True):
        _listen(connection=connection)


def _timed(view: Callable[..., Any]) -> Callable[..., Any]:
    def add(began: float) -> None:
        if (times := _times.get()) is not None:
            times.view += monotonic() - began

    async def awaited(*args: Any, **kwargs: Any) -> Any:
        began = monotonic()
        try:
            return await view(*args, **kwargs)
        finally:
            add(began)

    def called(*args: Any, **kwargs: Any) -> Any:
        began = monotonic()
        try:
            return view(*args, **kwargs)
        finally:
            add(began)

    return awaited if iscoroutinefunction(view) else called


def _listen(connection: Any, **_: object) -> None:
    if _query not in connection.execute_wrappers:
        connection.execute_wrappers.append(_query)


def _query(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    began = monotonic()
    try:
        return execute(sql, params, many, context)
    finally:
        if (times := _times.get()) is not None:
            times.database += monotonic() - began
            times.queries += 1
