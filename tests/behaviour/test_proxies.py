"""A server behind proxies: PROXY headers and forwarded fields, over real connections."""

from __future__ import annotations

import json

from tests.behaviour.conftest import APPS
from tests.kit.client import Client
from tests.kit.live import serve

V1 = b"PROXY TCP4 203.0.113.9 198.51.100.7 5000 443\r\n"


def origin(client: Client) -> tuple[str, str, str, str, str]:
    found = json.loads(client.get("/environ").body)["plain"]
    names = ("REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
    return tuple(found[name] for name in names)


def test_proxy_header_of_a_trusted_peer() -> None:
    with serve("suite:app", "--proxy-protocol", "on", directory=APPS) as server:
        for pieces in ([V1], [V1[:10], V1[10:]]):
            client = server.client()
            for piece in pieces:
                client.send(piece)
            assert origin(client) == ("203.0.113.9", "5000", "198.51.100.7", "443", "http")
            assert origin(client)[0] == "203.0.113.9", "and for the rest of the connection"
        without = server.client()
        without.begin("GET", "/environ")
        assert without.closed()


def test_behind_a_proxy_header_forwarded_fields_are_judged_by_its_client() -> None:
    with serve("suite:app", "--proxy-protocol", "v1", directory=APPS) as server:
        client = server.client()
        client.send(V1)
        answer = client.get("/environ", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https")
        found = json.loads(answer.body)["plain"]
        assert (found["REMOTE_ADDR"], found["wsgi.url_scheme"]) == ("203.0.113.9", "http")
        assert "HTTP_X_FORWARDED_FOR" not in found


def test_proxy_header_of_a_stranger() -> None:
    options = ("--proxy-protocol", "on", "--forwarded-allow-ips", "10.0.0.0/8", "-v", "3")
    with serve("suite:app", *options, directory=APPS) as server:
        client = server.client()
        assert client.closed()
        server.await_log("peer.untrusted_proxy")
