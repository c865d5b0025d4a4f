"""A request's head, read strictly (RFC 9112)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.observe.admin.request import LONGEST_BODY, Refused, parse


def head(*fields: str, line: str = "GET / HTTP/1.1") -> bytes:
    return "\r\n".join([line, *fields, "", ""]).encode("latin-1")


def refusal(data: bytes) -> int:
    with pytest.raises(Refused) as caught:
        parse(data).length  # noqa: B018 - it raises
    return caught.value.status


def test_what_curl_sends() -> None:
    request = parse(head("Host: localhost:9090", "User-Agent: curl/8", line="GET /ready?least=2&x=%20 HTTP/1.1"))
    assert (request.method, request.path, dict(request.query)) == ("GET", "/ready", {"least": "2", "x": " "})
    assert request.fields["user-agent"] == "curl/8"
    assert request.keeps
    assert request.length == 0


@pytest.mark.parametrize(("field", "keeps"), [("Connection: close", False), ("Connection: Keep-Alive", True)])
def test_connection(field: str, keeps: bool) -> None:
    assert parse(head("Host: x", field)).keeps is keeps
    assert not parse(head(field, line="GET / HTTP/1.0")).keeps


@pytest.mark.parametrize(
    "data",
    [
        head("Host: x", line="GET  / HTTP/1.1"),
        head("Host: x", line="GET http://x/ HTTP/1.1"),
        head("Host: x", line="GET / HTTP/2.0"),
        head("Host: x", line="get / HTTP/1.1"),
        head("Host : x"),
        head("Host: x", " folded"),
        head("Host: x", "Host: y"),
        head("Host: x\x00"),
        head("Host: x", "Content-Length: 1", "Content-Length: 1"),
        head("Host: x", "Content-Length: -1"),
        head("Host: x", "Content-Length: +1"),
        head(),
    ],
)
def test_what_is_odd_is_refused(data: bytes) -> None:
    assert refusal(data) == 400


def test_a_path_is_no_url() -> None:
    request = parse(head("Host: x", line="GET //[?id=a#b HTTP/1.1"))
    assert (request.path, dict(request.query)) == ("//[", {"id": "a"})


def test_bounds() -> None:
    assert refusal(head("Host: x", line=f"GET /?{'a&' * 200} HTTP/1.1")) == 400
    assert refusal(head("Host: x", f"Content-Length: {LONGEST_BODY + 1}")) == 413
    assert refusal(head("Host: x", "Transfer-Encoding: chunked")) == 501
    assert refusal(head("Host: x", *(f"X-{number}: 1" for number in range(200)))) == 431


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_noise(data: bytes) -> None:
    try:
        parse(data + b"\r\n\r\n")
    except Refused:
        pass
