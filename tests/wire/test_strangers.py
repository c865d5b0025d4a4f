"""One ``HeadParser`` reads for all connections of a worker: nothing of one peer may reach another.

Every case of the other files ends with this check; here are those that once failed it, and a search for more.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hendrix.wire.head import HeadParser
from tests.kit.wire import LIMITS, Peer, assert_fit_for_strangers, get, post

LINES = [
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: Upgrade",
    b"Connection: x close",
    b"Proxy-Connection: close",
    b"Proxy-Connection: Upgrade",
    b"Proxy-Connection: keep-alive",
    b"Upgrade: websocket",
    b"Upgrade: h2c",
    b"Content-Length: 0",
    b"Content-Length: 5",
    b"Content-Length: 999999999",
    b"Content-Length: 5, 5",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: , chunked",
    b"Transfer-Encoding: identity",
    b"Host: b c",
    b"Expect: nothing",
    b"X: " + b"a" * (LIMITS.field_size + 1),
    b"X:",
]


@pytest.mark.parametrize(
    "head",
    [
        # Refused by us, while llhttp already waits for a body: the next head was swallowed as that body.
        post(b"Host: b", b"Content-Length: 999999999"),
        get(b"Host: a b", b"Content-Length: 999999999", method=b"POST"),
        post(b"Transfer-Encoding: gzip, chunked"),
        post(b"X: " + b"a" * 20_000, b"Content-Length: 10"),
        post(*[b"X: 1"] * 200, b"Transfer-Encoding: chunked"),
        post(b"Expect: x", b"Content-Length: 10"),
        post(b"Transfer-Encoding: chunked", version=b"HTTP/1.0"),
        # llhttp obeys Proxy-Connection, we do not: it took the next head for data behind the end.
        get(b"Host: a", b"Proxy-Connection: close"),
        get(b"Host: a", b"Proxy-Connection: Upgrade", b"Upgrade: h2c"),
    ],
)
def test_what_once_hurt_strangers(head: bytes) -> None:
    parser = HeadParser(LIMITS)
    for _ in range(3):
        Peer(parser=parser).send(head)
        assert_fit_for_strangers(parser)


@settings(max_examples=80)
@given(
    method=st.sampled_from([b"GET", b"POST", b"HEAD", b"CONNECT", b"OPTIONS", b"PRI", b"FOO", b"SOURCE", b"QUERY"]),
    target=st.sampled_from([b"/", b"*", b"http://a/", b"a:80", b"http://u@a/"]),
    version=st.sampled_from([b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0"]),
    lines=st.lists(st.sampled_from(LINES), max_size=5),
)
def test_no_combination_does(method: bytes, target: bytes, version: bytes, lines: list[bytes]) -> None:
    parser = HeadParser(LIMITS)
    Peer(parser=parser).send(get(b"Host: a", *lines, method=method, target=target, version=version))
    assert_fit_for_strangers(parser)
