"""PEP 3333: the iterable, its length and its end; PEP 3333 section "Handling the Content-Length Header"."""

from __future__ import annotations

import pytest

from tests.kit.client import Truncated

WHOLE = b"one,two,three"


@pytest.mark.parametrize(
    ("kind", "body", "framing"),
    [
        ("list", WHOLE, "content-length"),
        ("tuple", WHOLE, "content-length"),
        ("many", b"x" * 10000, "content-length"),
        ("nothing", b"", "content-length"),
        ("empty", b"", "content-length"),
        ("django", WHOLE, "content-length"),
        ("generator", WHOLE, "transfer-encoding"),
        ("empty_stream", b"", "transfer-encoding"),
        ("empties", b"", "transfer-encoding"),
    ],
)
def test_kinds_of_iterables(stage, client, key, kind, body, framing) -> None:
    answer = client.get(f"/body/{kind}?{key}")
    assert (answer.status, answer.body) == (200, body)
    assert framing in answer
    if kind in ("django", "generator", "empty_stream", "empties"):
        stage.await_closed(key)
    assert client.get("/hello").body == b"hello", "the connection goes on"


@pytest.mark.parametrize("kind", ["bytes", "text", "text_stream", "bytearray"])
def test_a_body_that_is_not_of_bytes_is_500(stage, client, key, kind, logged) -> None:
    assert client.get(f"/body/{kind}?{key}").status == 500
    logged("application.failed")
    assert client.get("/hello").body == b"hello"


@pytest.mark.parametrize("kind", ["list", "generator", "django"])
def test_more_than_was_stated_is_cut(stage, client, key, kind) -> None:
    answer = client.get(f"/body/{kind}?{key}", "X-Length: 5")
    assert answer.body == b"one,t"
    assert client.get("/hello").body == b"hello", "what was cut is not the next answer"


@pytest.mark.parametrize("kind", ["list", "generator", "django"])
def test_less_than_was_stated_ends_the_connection(client, kind) -> None:
    client.begin("GET", f"/body/{kind}", "X-Length: 99")
    client.begin("GET", "/hello")
    with pytest.raises(Truncated) as truncated:
        client.answer()
    assert truncated.value.data == WHOLE, "the next answer is not read as the rest"


@pytest.mark.parametrize("kind", ["list", "generator"])
def test_what_was_stated(client, kind) -> None:
    answer = client.get(f"/body/{kind}", "X-Length: 13")
    assert (answer["Content-Length"], answer.body) == ("13", WHOLE)
    assert "Transfer-Encoding" not in answer


@pytest.mark.parametrize("length", ["", "X-Length: 13"])
@pytest.mark.parametrize("kind", ["list", "generator", "django"])
def test_head_has_the_head_of_get(stage, client, key, kind, length) -> None:
    lines = [length] if length else []
    got, headed = client.get(f"/body/{kind}", *lines), client.request("HEAD", f"/body/{kind}?{key}", *lines)
    own = ("date", "x-request-id")
    assert [pair for pair in headed.headers if pair[0] not in own] == [
        pair for pair in got.headers if pair[0] not in own
    ]
    if kind != "list":
        stage.await_closed(key)
    assert client.get("/hello").body == b"hello"


def test_head_of_an_endless_stream_holds_no_thread(stage, client, key) -> None:
    assert client.request("HEAD", f"/endless?{key}").status == 200
    stage.await_closed(key)
    assert client.get("/hello").body == b"hello"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("kind", ["list", "generator", "django"])
def test_statuses_without_content(stage, client, key, kind, status) -> None:
    answer = client.get(f"/body/{kind}?{key}", f"X-Status: {status}")
    assert answer.status == int(status[:3])
    assert "Transfer-Encoding" not in answer
    if kind != "list":
        stage.await_closed(key)
    assert client.get("/hello").body == b"hello", "no byte of the body was sent"


def test_an_error_while_iterating_cannot_be_taken_for_the_end(stage, client, key, logged) -> None:
    client.begin("GET", f"/body/broken?{key}")
    with pytest.raises(Truncated):
        client.answer()
    stage.await_closed(key)
    assert "broke while iterating" in logged("application.failed")


def test_an_error_before_the_first_piece_is_500(stage, client, key) -> None:
    assert client.get(f"/body/broken_at_once?{key}").status == 500
    stage.await_closed(key)
    assert client.get("/hello").body == b"hello"


def test_a_stream_that_breaks_off_over_http10_does_not_end_like_a_whole_one(stage, key) -> None:
    """RFC 9112 section 8: what nothing but the end of the connection frames is complete unless that was a fault."""
    with stage.client() as client:
        client.begin("GET", f"/body/broken?{key}", version="1.0")
        with pytest.raises(ConnectionResetError):
            while client.sock.recv(65536):
                pass
    with stage.client() as client:
        client.begin("GET", f"/body/generator?{key}", version="1.0")
        while client.sock.recv(65536):
            pass


@pytest.mark.parametrize("kind", ["broken_close", "broken_close_list"])
def test_an_error_in_close_is_logged_only(client, key, kind, logged) -> None:
    assert client.get(f"/body/{kind}?{key}").body == b"fine"
    assert "broke while closing" in logged("application.failed")
    assert client.get("/hello").body == b"hello"


@pytest.mark.parametrize("path", ["/validated/list", "/validated/stream"])
@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("POST", b"some words"), ("HEAD", b"")])
def test_wsgiref_finds_no_fault(client, method, path, body) -> None:
    answer = client.request(method, path, body=body)
    assert answer.status == 200, answer.text
    assert answer.body == (b"" if method == "HEAD" else b"ok" + body)
    assert answer["Content-Length"] == str(2 + len(body))
