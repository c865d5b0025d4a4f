"""The path that balancers ask, and ``OPTIONS *``."""

from __future__ import annotations

import pytest

from hendrix.answer.chain import build_chain
from hendrix.answer.options import answer_for_server
from hendrix.core.config import Config
from hendrix.core.exchange import Exchange
from tests.kit.stage import FakeExchange, request


def asked(target: bytes, *, method: str = "GET", path: str = "/up", ready: bool = True) -> FakeExchange:
    """Where the server does not answer itself, 404 from the project."""
    exchange = FakeExchange(request(target, method=method))
    answer_for_server(path, lambda: ready, lambda inner: inner.respond("404 Not Found", [], b""))(exchange)
    return exchange


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ready(method: str) -> None:
    exchange = asked(b"/up", method=method)
    assert exchange.status == "200 OK"
    assert ("Cache-Control", "no-store") in exchange.headers


def test_a_query_does_not_matter() -> None:
    assert asked(b"/up?from=lb1").status == "200 OK"


def test_about_to_leave() -> None:
    exchange = asked(b"/up", ready=False)
    assert exchange.status == "503 Service Unavailable"
    assert ("Cache-Control", "no-store") in exchange.headers


@pytest.mark.parametrize("target", [b"/up/", b"/upload", b"/", b"/UP", b"/%75p"])
def test_other_paths_are_the_projects(target: bytes) -> None:
    assert asked(target).status == "404 Not Found"


def test_other_methods_are_the_projects() -> None:
    assert asked(b"/up", method="POST").status == "404 Not Found"


def test_another_path() -> None:
    assert asked(b"/healthz", path="/healthz").status == "200 OK"
    assert asked(b"/up", path="/healthz").status == "404 Not Found"


def test_off() -> None:
    assert asked(b"/up", path="").status == "404 Not Found"


def test_options_of_the_server() -> None:
    exchange = asked(b"*", method="OPTIONS")
    assert exchange.status == "204 No Content"
    assert "OPTIONS" in dict(exchange.headers)["Allow"]


def test_plain_http_is_not_sent_to_https() -> None:
    """A balancer asks by an address, and for which certificate?"""
    config = Config(cert="c", key="k", https_redirect="443")

    def project(exchange: Exchange) -> None:
        exchange.respond("404 Not Found", [], b"")

    class Disk:
        def each_tick(self, call: object) -> None: ...

    chain = build_chain(config, project, lambda answer: answer, [], Disk(), None, None)  # type: ignore[arg-type]
    health, page = FakeExchange(request(b"/up")), FakeExchange(request(b"/"))
    chain(health)
    chain(page)
    assert (health.status, page.status) == ("200 OK", "308 Permanent Redirect")
