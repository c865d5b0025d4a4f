"""Spans of requests, as OpenTelemetry's semantic conventions for HTTP servers want them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk")
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from hendrix.core.http import Origin, Request
from hendrix.observe import tracing
from hendrix.observe.tracing import Traces

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """One request, and its span when it is over."""
    monkeypatch.setattr(trace, "set_tracer_provider", lambda provider: None)
    exporter = InMemorySpanExporter()
    traces = Traces("shop.settings", exporter)

    def one(
        method: str = "GET", query: bytes = b"", status: str = "200 OK", complete: bool = True, **fields: bytes
    ) -> Any:
        told = {name.replace("_", "-").encode(): value for name, value in fields.items()}
        request = Request(method, b"/shop/1?" + query, b"/shop/1", query, "1.1", [], b"shop.example:8443", fields=told)
        origin = Origin(("203.0.113.7", 5555), ("10.0.0.1", 8000), "https")
        span = traces.begin(request, origin, "id-1")
        assert trace.get_current_span() is span
        traces.end(span, method, "shop/<int:pk>", "shop:item", status, complete=complete)
        traces._provider.force_flush()  # type: ignore[union-attr]
        return exporter.get_finished_spans()[-1]

    yield one
    traces.close(5.0)


def test_names_and_attributes(traced) -> None:
    span = traced(query=b"page=2", user_agent=b"curl/8")
    assert span.name == "GET shop/<int:pk>"
    assert span.kind is SpanKind.SERVER
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "shop/<int:pk>",
        "url.scheme": "https",
        "url.path": "/shop/1",
        "url.query": "page=2",
        "network.protocol.version": "1.1",
        "server.address": "shop.example",
        "server.port": 8443,
        "client.address": "203.0.113.7",
        "user_agent.original": "curl/8",
        "hendrix.view": "shop:item",
        "hendrix.request_id": "id-1",
    }
    assert span.resource.attributes["service.name"] == "shop.settings"


@pytest.mark.parametrize(
    ("authority", "found"),
    [
        ("shop.example", ("shop.example", 443)),
        ("shop.example:8443", ("shop.example", 8443)),
        ("[2001:db8::1]:99", ("2001:db8::1", 99)),
        ("[2001:db8::1]", ("2001:db8::1", 443)),
        ("", ("", 443)),
    ],
)
def test_the_address_of_the_server(authority: str, found: tuple[str, int]) -> None:
    """https://opentelemetry.io/docs/specs/semconv/general/attributes/: an address is one, without brackets."""
    assert tracing._host(authority, Origin(("", 0), ("", 0), "https")) == found


def test_it_goes_on_with_the_trace_of_its_peer(traced) -> None:
    span = traced(traceparent=PARENT)
    assert f"{span.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


@pytest.mark.parametrize("nonsense", [b"", b"00-0-0-0", b"\xff" * 200, b"x" * 10_000])
def test_nonsense_begins_a_new_one(traced, nonsense) -> None:
    assert traced(traceparent=nonsense).parent is None


def test_a_failure_is_an_error_and_a_refusal_is_none(traced) -> None:
    span = traced(status="503 Service Unavailable")
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "503")
    assert traced(status="404 Not Found").status.status_code is StatusCode.UNSET
    span = traced(status="", complete=False)
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "aborted")


def test_strangers_name_no_spans(traced) -> None:
    span = traced("BREW")
    assert span.name == "HTTP shop/<int:pk>"
    assert span.attributes["http.request.method"] == "_OTHER"
    assert span.attributes["http.request.method_original"] == "BREW"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (b"token=abc&page=1", "token=REDACTED&page=1"),
        (b"a=1&X-Amz-Signature=abc", "a=1&X-Amz-Signature=REDACTED"),
        (b"reset_PASSWORD=x", "reset_PASSWORD=REDACTED"),
        (b"monkey=banana", "monkey=banana"),
        (b"sig=abc&design=1", "sig=REDACTED&design=1"),
    ],
)
def test_secrets_stay_here(traced, query, shown) -> None:
    assert traced(query=query).attributes["url.query"] == shown
