"""``--metrics`` of a real server: what is counted, over crashes, reloads and restarts."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from tests.kit.client import Client
from tests.kit.live import until
from tests.kit.promtool import Unavailable, objections, samples
from tests.process.hx import Hx, actions

HELLO = "site1.views.hello"


@pytest.fixture
def hx(project) -> Iterator[Hx]:
    with actions(project) as found:
        yield found


def scrape(path: str) -> str:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(path)
    with Client(sock) as client:
        return client.get("/metrics").text


def test_counts_grow_whatever_becomes_of_workers(project, hx) -> None:
    with project.serve("-w", "2", "--metrics", **hx.extra) as server:
        path = str(hx.runtime / f"{server.port}_site1_settings.admin")

        def count(view: str, code: str) -> float:
            return samples(scrape(path)).get(f'hendrix_requests_total{{view="{view}",code="{code}"}}', 0)

        def ask(target: str, times: int = 1) -> None:
            with server.client() as client:
                for _ in range(times):
                    client.get(target)

        ask("/hello", 5)
        ask("/nothing")
        ask("/static/admin/css/base.css", 4)  # the last ones without an exchange
        until(lambda: count(HELLO, "2xx") == 5, "five answers")
        until(lambda: count("(files)", "2xx") == 4, "four files")
        until(lambda: count("(none)", "4xx") == 1, "what is not there")

        for step in (
            lambda: hx("reload", "--http-port", str(server.port)),
            lambda: hx("restart", "--http-port", str(server.port)),
        ):
            ask("/hello")  # and told with its worker's last words, if not before
            before = count(HELLO, "2xx")
            done = step()
            assert done.returncode == 0, done.stderr
            assert count(HELLO, "2xx") >= before >= 5
        until(lambda: count(HELLO, "2xx") == 7, "seven answers")

        with server.client() as client:
            os.kill(int(client.get("/pid").body), signal.SIGKILL)
        until(lambda: samples(scrape(path))["hendrix_worker_crashes_total"] == 1, "the crash to be seen")
        ask("/hello")
        until(lambda: count(HELLO, "2xx") == 8, "eight answers")

        text = scrape(path)
        found = samples(text)
        assert found["hendrix_requests_started_total"] >= 13
        assert found['hendrix_reloads_total{result="ok"}'] == 3
        assert found["hendrix_request_queue_seconds_count"] >= 8
        assert found["hendrix_requests_in_flight"] == 0
        try:
            assert objections(text) == ""
        except Unavailable as error:
            pytest.skip(str(error))


CACHED = """
from django.http import HttpResponse
from django.views.decorators.cache import cache_control


@cache_control(public=True, max_age=60)
def hello(request):
    return HttpResponse("hello")


async def pid(request):
    return HttpResponse("not kept")
"""


def test_who_makes_a_page_and_who_keeps_it(project, hx) -> None:
    project.write("views.py", CACHED)
    with project.serve("--cache", "--metrics", **hx.extra) as server, server.client() as client:
        conditional = "If-None-Match: W/nothing"
        for _ in range(3):
            client.get("/hello?cache=true", conditional)
            client.get("/pid", conditional)
        path = str(hx.runtime / f"{server.port}_site1_settings.admin")

        def counted() -> dict[str, float]:
            found = samples(scrape(path))
            return {name: count for name, count in found.items() if name.startswith("hendrix_requests_total")}

        wanted = {"(cache)": 2, "site1.views.hello": 1, "site1.views.pid": 3}
        until(
            lambda: (
                counted()
                == {f'hendrix_requests_total{{view="{view}",code="2xx"}}': count for view, count in wanted.items()}
            ),
            "six answers",
        )
