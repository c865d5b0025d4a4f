"""Traces of a real server, in a real collector; and what development shows of the time."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("opentelemetry.sdk")

from tests.kit.collector import attributes, collecting
from tests.kit.live import until

VIEWS = """
import asyncio

from django.db import connection
from django.http import HttpResponse
from opentelemetry import trace


def hello(request):
    with trace.get_tracer("site1").start_as_current_span("within"):
        return HttpResponse("hello")


async def slow(request):
    await asyncio.sleep(0.02)
    with trace.get_tracer("site1").start_as_current_span("within async"):
        return HttpResponse("slept")


def rows(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.execute("SELECT 2")
    return HttpResponse("rows")


def fail(request):
    raise ZeroDivisionError("on purpose")
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_spans_reach_the_collector_and_times_the_browser(project) -> None:
    project.write("views.py", VIEWS)
    with collecting() as collector:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with project.serve("--dev", "--no-reload", **environ) as server, server.client() as client:
            client.get("/hello", f"traceparent: {PARENT}")
            assert client.get("/fail").status == 500
            timing = client.get("/slow")["Server-Timing"]
            assert (
                20
                <= float(re.search(r"view;dur=([0-9.]+)", timing)[1])
                <= float(  # type: ignore[index]
                    re.search(r"total;dur=([0-9.]+)", timing)[1]  # type: ignore[index]
                )
            )
            assert 'desc="2 queries"' in client.get("/rows")["Server-Timing"]
            until(lambda: collector.named("GET slow"), "the spans")
            # What is left when it ends is sent, too.
            client.get("/rows")
        assert len(collector.named("GET rows")) == 2

        (hello,) = collector.named("GET hello")
        assert hello.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
        assert hello.parent_span_id.hex() == "b7ad6b7169203331"
        assert attributes(hello)["http.response.status_code"] == 200
        assert attributes(hello)["http.route"] == "hello"
        (within,) = collector.named("within")
        assert within.parent_span_id == hello.span_id
        (slow,) = collector.named("GET slow")
        assert collector.named("within async")[0].parent_span_id == slow.span_id

        (fail,) = collector.named("GET fail")
        assert attributes(fail)["error.type"] == "500"
        (event,) = fail.events
        assert attributes(event)["exception.type"] == "ZeroDivisionError"
        assert {facts["service.name"] for _, facts in collector.spans} == {"site1.settings"}


def test_a_collector_that_is_away_holds_nobody_up(project) -> None:
    with (
        project.serve("--otel", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") as server,
        server.client() as client,
    ):
        assert client.get("/hello").status == 200
