"""How requests are seen through: plainly, or so that somebody can count, trace or time them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hendrix.answer.asgi_http import asgi_http
from hendrix.answer.asgi_scope import Host
from hendrix.answer.measured import WsgiCall, noting
from hendrix.answer.wsgi import Call
from hendrix.core.config import Config
from hendrix.core.exchange import Answer
from hendrix.core.noted import ASGI

if TYPE_CHECKING:
    from hendrix.answer.django_handler import Handler
    from hendrix.observe.tracing import Traces


def django_through(handler: Handler, config: Config, traces: Traces | None) -> dict[str, Any]:
    """What ``answer.django`` is told besides."""
    if not (config.measured or config.dev):
        return {}
    from hendrix.answer.measured_django import MeasuredCall, measured  # noqa: PLC0415 - imports Django

    kind = MeasuredCall
    if traces is not None:
        from django.core.signals import got_request_exception  # noqa: PLC0415

        from hendrix.answer.traced_django import traced_call  # noqa: PLC0415
        from hendrix.observe.tracing import record_exception  # noqa: PLC0415

        got_request_exception.connect(record_exception, dispatch_uid="hendrix.tracing")
        kind = traced_call(traces)
    if config.dev:
        from hendrix.answer.timed_django import time_views, timed_call  # noqa: PLC0415

        time_views(handler)
        kind = timed_call(kind)
    return {"through": measured(kind)}


def wsgi_through(config: Config, traces: Traces | None) -> type[Call]:
    """What a call of a WSGI application is."""
    if traces is not None:
        from hendrix.answer.traced import traced_wsgi  # noqa: PLC0415

        return traced_wsgi(traces)
    return WsgiCall if config.measured else Call


def asgi_through(host: Host, config: Config, traces: Traces | None) -> Answer:
    """What an ASGI application answers."""
    if traces is not None:
        from hendrix.answer.traced import tracing  # noqa: PLC0415

        return tracing(traces, "(asgi)", asgi_http(host))
    return noting(ASGI, asgi_http(host)) if config.measured else asgi_http(host)
