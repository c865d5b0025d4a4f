"""The same resources behind Twisted's own server: what clients see is the same."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Answer, Client
from tests.kit.live import PATIENCE

TWISTED = """
import sys
sys.path.insert(0, sys.argv[1])
from twisted.internet import endpoints, reactor
from twisted.web import server
from beside import kleins, resources
from hendrix.facilities.resources import HendrixResource

root = HendrixResource(reactor, reactor.getThreadPool(), resources.application)
for each in (resources.Probe(), resources.deep, resources.named, resources.wsgi_resource):
    root.putNamedChild(each)
klein = kleins.app.resource()
klein.namespace = "klein"
root.putNamedChild(klein)
listening = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(server.Site(root))
listening.addCallback(lambda port: print(port.getHost().port, flush=True))
reactor.run()
"""

#: What is of the server and not of the resource. (How a body is framed may differ, and Twisted frames what has none.)
OURS = {"server", "date", "x-request-id", "connection", "content-length", "transfer-encoding"}
FORM = "Content-Type: application/x-www-form-urlencoded"
UPLOAD = "Content-Type: multipart/form-data; boundary=b"
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\x00\xff\r\n\r\n--b--\r\n"
)
REQUESTS = [
    ("GET", "/res/text"),
    ("HEAD", "/res/text"),
    ("GET", "/res/text/and/more"),
    ("GET", "/res/told/%C3%A4/%2F/?a=1&a=2&b=&c&d=%20+;e=5"),
    ("HEAD", "/res/told"),
    ("GET", "/res/told?"),
    ("GET", "/res/told", "Cookie: one=1; two", "Cookie: three=3", "Authorization: Basic bWU6c2VjcmV0"),
    ("GET", "/res/told", "Authorization: Basic !!", "User-Agent: one", "User-Agent: two"),
    ("POST", "/res/told?a=0", FORM, b"a=1&b=%C3%A4+x"),
    ("POST", "/res/told", FORM, b"no pairs"),
    ("POST", "/res/told?a=0", UPLOAD, PARTS),
    ("POST", "/res/told", "Content-Type: application/json", b"{}"),
    ("PUT", "/res/told", FORM, b"a=1"),
    ("PROPFIND", "/res/told"),
    ("GET", "/res/cookies"),
    ("GET", "/res/cookies", 'If-None-Match: "tag"'),
    ("GET", "/res/cookies", "If-None-Match: *"),
    ("HEAD", "/res/cookies"),
    ("GET", "/res/moved"),
    ("HEAD", "/res/moved"),
    ("GET", "/res/empty"),
    ("GET", "/res/deferring"),
    ("GET", "/res/greetings/"),
    ("GET", "/res/greetings/one"),
    ("GET", "/res/greetings"),
    ("GET", "/res/unknown"),
    ("GET", "/res"),
    ("POST", "/res/text"),
    ("DELETE", "/res/text"),
    ("GET", "/res/push?count=3&key=parity"),
    ("GET", "/res/pull?count=30&key=parity"),
    ("HEAD", "/res/pull?count=3&key=parity"),
    ("GET", "/a/b/c/d"),
    ("GET", "/named/child"),
    ("GET", "/named/other"),
    ("GET", "/wsgi/a%20b/c?d=1"),
    ("POST", "/wsgi", b"the body"),
    ("GET", "/klein/items/3"),
    ("GET", "/klein/items/x"),
    ("GET", "/klein/later"),
    ("POST", "/klein/form", FORM, b"word=said"),
    ("GET", "/klein/form"),
]


@pytest.fixture(scope="module")
def twisted() -> Iterator[int]:
    """The port of Twisted's server."""
    process = subprocess.Popen([sys.executable, "-c", TWISTED, str(APPS)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def asked(client: Client, method: str, target: str, *rest: str | bytes) -> Answer:
    lines = [line for line in rest if isinstance(line, str)]
    body = b"".join(line for line in rest if isinstance(line, bytes))
    return client.request(method, target, *lines, body=body)


def seen(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    headers = sorted(pair for pair in answer.headers if pair[0] not in OURS)
    # Addresses of objects, in pages that show a repr; URLs, in which Twisted puts the port that it listens at; and the
    # version, for Twisted is always asked in HTTP/1.1.
    body = re.sub(rb"0x[0-9a-f]+", b"0x", answer.body).replace(b"ResourceRequest", b"Request")
    body = body.replace(b"HTTP/2", b"HTTP/1.1")
    return answer.status, headers, re.sub(rb'"url": "[^"]*"', b"", body)


@pytest.mark.parametrize("request_line", REQUESTS, ids=lambda request: " ".join(map(str, request[:2])))
def test_what_a_client_sees(beside, twisted, request_line) -> None:
    with (
        beside.client() as ours,
        contextlib.closing(socket.create_connection(("127.0.0.1", twisted), PATIENCE)) as sock,
    ):
        assert seen(asked(ours, *request_line)) == seen(asked(Client(sock), *request_line))
