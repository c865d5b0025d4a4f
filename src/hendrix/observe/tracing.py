"""A span for each request, in OpenTelemetry's words (semantic conventions for HTTP, stable since 1.23).

The SDK is configured by its own variables (``OTEL_...``): where spans go, which are sampled, what the service is
called. Each worker has a provider of its own, made after the fork, unless the project has set one.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from opentelemetry import context, propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from hendrix import __version__
from hendrix.core.events import WARNING, emit
from hendrix.core.http import Origin, Request
from hendrix.core.redact import without_secrets

#: RFC 9110 section 9, RFC 5789: other methods would be names of a peer's choice.
_METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"))
_LONGEST = 1024
_ANY = "_OTHER"


class Traces:
    """Begins and ends spans. ``exporter`` is in the place of the one that the variables name."""

    def __init__(self, service: str, exporter: SpanExporter | None = None) -> None:
        self._provider: TracerProvider | None = None
        set_before = trace.get_tracer_provider()
        if isinstance(set_before, TracerProvider) and exporter is None:
            provider = set_before
        else:
            provider = self._provider = _provider(service, exporter)
        self._tracer = provider.get_tracer("hendrix", __version__)
        self._fields = [name.encode() for name in propagate.get_global_textmap().fields]

    def begin(self, request: Request, origin: Origin, request_id: str) -> Span:
        """The span of ``request``, and what it is of; from now on that of the context at hand."""
        told = request.fields
        carrier = {name.decode(): told[name].decode("latin-1") for name in self._fields if name in told}
        parent = propagate.extract(carrier) if carrier else context.get_current()
        method = request.method if request.method in _METHODS else _ANY
        name = "HTTP" if method == _ANY else method
        attributes = _attributes(request, origin, method, request_id)
        span = self._tracer.start_span(name, parent, SpanKind.SERVER, attributes)
        context.attach(trace.set_span_in_context(span, parent))
        return span

    def end(self, span: Span, method: str, route: str, view: str, status: str, *, complete: bool) -> None:
        """The request is over; ``status`` is like ``200 OK``, or empty where there was none."""
        if span.is_recording():
            name = method if method in _METHODS else "HTTP"
            if route:
                span.update_name(f"{name} {route}")
                span.set_attribute("http.route", route)
            if view:
                span.set_attribute("hendrix.view", view)
            if status:
                span.set_attribute("http.response.status_code", int(status[:3]))
            if status[:1] == "5":
                span.set_attribute("error.type", status[:3])
                span.set_status(Status(StatusCode.ERROR))
            elif not complete:
                span.set_attribute("error.type", "aborted")
                span.set_status(Status(StatusCode.ERROR, "the peer left"))
        span.end()

    def close(self, seconds: float) -> None:
        """Send what is left, as far as that goes within ``seconds``."""
        if self._provider is None:
            return
        thread = threading.Thread(target=self._provider.shutdown, name="hendrix-traces", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            emit("traces.lost", WARNING, reason="whoever collects them does not answer")


def record_exception(sender: object, **facts: Any) -> None:
    """Django has met an exception that nobody handled: a receiver of its signal ``got_request_exception``."""
    error = sys.exc_info()[1]
    if error is not None:
        trace.get_current_span().record_exception(error)


def _provider(service: str, exporter: SpanExporter | None) -> TracerProvider:
    facts = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": service or "hendrix"}
    provider = TracerProvider(resource=Resource.create({**facts, "process.pid": os.getpid()}), shutdown_on_exit=False)
    for one in [exporter] if exporter is not None else _exporters():
        provider.add_span_processor(BatchSpanProcessor(one))
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        # What the project and its libraries trace becomes part of the same.
        trace.set_tracer_provider(provider)
    return provider


def _otlp() -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return OTLPSpanExporter()


def _console() -> SpanExporter:
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter  # noqa: PLC0415

    return ConsoleSpanExporter()


_KINDS: dict[str, Callable[[], SpanExporter]] = {"otlp": _otlp, "console": _console}


def _exporters() -> list[SpanExporter]:
    names = [name.strip() for name in os.environ.get("OTEL_TRACES_EXPORTER", "otlp").split(",")]
    for name in names:
        if name not in _KINDS and name != "none":
            emit("traces.unknown_exporter", WARNING, name=name, advice="set OTEL_TRACES_EXPORTER to otlp or console")
    return [_KINDS[name]() for name in names if name in _KINDS]


def _attributes(request: Request, origin: Origin, method: str, request_id: str) -> dict[str, Any]:
    fields = request.fields
    found: dict[str, Any] = {
        "http.request.method": method,
        "url.scheme": origin.scheme,
        "url.path": _text(request.path),
        "network.protocol.version": request.version.removesuffix(".0")
        if request.version[:1] > "1"
        else request.version,
        "hendrix.request_id": request_id,
    }
    if method == _ANY:
        found["http.request.method_original"] = request.method[:_LONGEST]
    if request.query:
        found["url.query"] = _text(without_secrets(request.query, b"REDACTED"))
    if origin.client[0]:
        found["client.address"] = origin.client[0]
    host, port = _host(_text(request.authority), origin)
    if host:
        found["server.address"] = host
    if port:
        found["server.port"] = port
    if agent := fields.get(b"user-agent"):
        found["user_agent.original"] = _text(agent)
    return found


def _host(authority: str, origin: Origin) -> tuple[str, int]:
    """As addresses are: without brackets."""
    host, colon, port = authority.rpartition(":")
    if colon and port.isdigit() and len(port) <= 5:
        return host.strip("[]"), int(port)
    return authority.strip("[]"), {"http": 80, "https": 443}.get(origin.scheme, 0)


def _text(data: bytes) -> str:
    return data[:_LONGEST].decode("utf-8", "replace")
