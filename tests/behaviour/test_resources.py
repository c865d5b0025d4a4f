"""Resources of twisted.web beside Django, as Twisted documents them (``twisted.web.iweb.IRequest``, ``IResource``)."""

from __future__ import annotations

import itertools
import json

import pytest

from tests.kit.client import Truncated
from tests.kit.live import until

_keys = itertools.count()


@pytest.fixture
def client(beside):
    with beside.client() as client:
        yield client


@pytest.fixture
def key() -> str:
    return f"key{next(_keys)}"


# --- which requests are theirs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/", "/a/b", "/a/b/x", "/resx", "//res/text", "/x/../res/text", "/named2"]
)
def test_what_is_not_below_a_resource_is_djangos(client, path) -> None:
    assert client.get(path).text.startswith("Django has ")


@pytest.mark.parametrize(
    "path", ["/res/text", "/res/text/and/below", "/a/b/c", "/a/b/c/d", "/%61/b/%63", "/r%65s/text?x=1"]
)
def test_what_is_below_one_is_the_resources(client, path) -> None:
    assert client.get(path).text == "a resource"


def test_both_on_one_connection(client) -> None:
    for _ in range(3):
        assert client.get("/django").text == "Django has /django"
        assert client.get("/res/text").text == "a resource"


def test_pipelined_they_answer_in_order(client) -> None:
    for target in ("/res/deferring", "/one", "/res/text", "/two"):
        client.begin("GET", target)
    assert [client.answer().text for _ in range(4)] == [
        "after a while",
        "Django has /one",
        "a resource",
        "Django has /two",
    ]


def test_a_named_place(client) -> None:
    """compat: an unknown child below a ``NamedResource`` is 403."""
    assert client.get("/named/child").text == "a resource"
    assert [client.get(path).status for path in ("/named", "/named/", "/named/other")] == [403, 403, 403]


def test_several_of_one_name(client) -> None:
    assert client.get("/several/1").text == "number 1"
    assert client.get("/several/2").text == "number 2"
    assert client.get("/several/3").text == "Django has /several/3"


def test_children_made_on_demand(client) -> None:
    assert client.get("/res/greetings/Tim%20O").text == "hello Tim O"
    assert client.get("/res/greetings/").text == "nobody"
    assert client.get("/res/unknown").status == 404


# --- the request -----------------------------------------------------------------------------------------------------


def test_what_a_request_says(beside, client) -> None:
    lines = ("Cookie: one=1; two=2", "User-Agent: tests", "Authorization: Basic bWU6c2VjcmV0")
    told = json.loads(client.request("GET", "/res/told/x%2Fy/z?a=1&b=2&a=3&c=", *lines).body)
    assert told["method"] == "GET"
    assert told["uri"] == "/res/told/x%2Fy/z?a=1&b=2&a=3&c="
    assert told["path"] == "/res/told/x%2Fy/z"
    assert (told["prepath"], told["postpath"]) == (["res", "told"], ["x/y", "z"])
    assert told["args"] == {"a": ["1", "3"], "b": ["2"], "c": [""]}
    assert (told["client"], told["ip"], told["secure"]) == ("127.0.0.1", "127.0.0.1", False)
    assert told["host"] == "test.example"
    assert told["url"] == "http://test.example/res/told"
    assert told["version"] == beside.server.protocol
    assert (told["cookie"], told["user"], told["agent"]) == ("1", "me", "tests")


def test_behind_a_trusted_proxy(client) -> None:
    lines = ("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https")
    told = json.loads(client.request("GET", "/res/told", *lines).body)
    assert (told["client"], told["secure"], told["url"]) == ("203.0.113.7", True, "https://test.example/res/told")


def test_forms(client) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    told = json.loads(client.request("POST", "/res/told?a=0&q=1", form, body=b"a=1&a=2&b=%20x").body)
    assert told["args"] == {"a": ["1", "2"], "b": [" x"], "q": ["1"]}
    assert told["content"] == 14


@pytest.mark.parametrize("size", [10, 100_000, 3_000_000])
def test_uploads(client, size) -> None:
    """Small, in a thread, and on disk."""
    kind = "Content-Type: multipart/form-data; boundary=frontier"
    part = b'--frontier\r\nContent-Disposition: form-data; name="%b"; filename="f"\r\n\r\n%b\r\n'
    body = part % (b"file", b"x" * size) + part % (b"word", b"yes") + b"--frontier--\r\n"
    told = json.loads(client.request("POST", "/res/told", kind, body=body).body)
    assert {name: [len(value) for value in values] for name, values in told["args"].items()} == {
        "file": [size],
        "word": [3],
    }
    assert told["content"] == len(body)


def test_a_form_that_makes_no_sense(client) -> None:
    answer = client.request("POST", "/res/told", "Content-Type: multipart/form-data", body=b"no boundary")
    assert answer.status == 400
    assert client.get("/res/text").status == 200


def test_other_bodies_are_content(client) -> None:
    told = json.loads(client.request("PUT", "/res/told", "Content-Type: text/plain", body=b"x" * 70_000).body)
    assert (told["method"], told["content"], told["args"]) == ("PUT", 70_000, {})


def test_a_chunked_body(client) -> None:
    client.begin("POST", "/res/told", "Transfer-Encoding: chunked", "Content-Type: application/x-www-form-urlencoded")
    client.send(b"3\r\na=1\r\n4\r\n&b=2\r\n0\r\n\r\n")
    assert json.loads(client.answer().body)["args"] == {"a": ["1"], "b": ["2"]}


def test_continue_is_said(client) -> None:
    client.begin("POST", "/res/told", "Content-Length: 5", "Expect: 100-continue")
    assert client.head().status == 100
    client.send(b"12345")
    assert json.loads(client.answer().body)["content"] == 5


# --- the answer ------------------------------------------------------------------------------------------------------


def test_an_answer(client) -> None:
    answer = client.get("/res/text")
    assert (answer.status, answer["content-type"], answer["content-length"]) == (200, "text/plain", "10")
    assert answer["server"] == "hendrix"
    assert len(answer.all("date")) == 1
    assert answer.all("transfer-encoding") == []


def test_codes_cookies_and_tags(client) -> None:
    answer = client.get("/res/cookies")
    assert answer.status == 202
    assert answer.all("set-cookie") == ["one=1; Path=/; HttpOnly", "two=2; Max-Age=5"]
    assert (answer["etag"], answer["content-type"]) == ('"tag"', "text/html")
    assert client.get("/res/cookies", 'If-None-Match: "tag"').status == 304


def test_head_is_get_without_a_body(client) -> None:
    answer = client.request("HEAD", "/res/text")
    assert (answer.status, answer["content-length"], answer.body) == (200, "10", b"")
    assert client.get("/res/text").text == "a resource"


def test_methods_that_a_resource_has_not(client) -> None:
    answer = client.request("POST", "/res/text")
    assert (answer.status, set(answer["allow"].split(", "))) == (405, {"GET", "HEAD"})
    assert client.request("BREW", "/res/text").status == 501


def test_nothing_is_an_answer(client) -> None:
    assert client.get("/res/empty").status == 204
    assert client.get("/res/text").status == 200


def test_a_redirect(client) -> None:
    answer = client.get("/res/moved")
    assert (answer.status, answer["location"]) == (302, "/res/text?a=1")


def test_what_is_of_the_connection_is_ours_to_say(client) -> None:
    answer = client.get("/res/chunked")
    assert (answer.text, answer["content-length"], answer.all("connection")) == ("onetwo", "6", [])
    assert client.get("/res/text").status == 200


def test_sessions(client) -> None:
    first = client.get("/res/session")
    cookie = first["set-cookie"].partition(";")[0]
    assert cookie.startswith("TWISTED_SESSION=")
    assert [first.text, client.get("/res/session", f"Cookie: {cookie}").text] == ["1", "2"]
    assert client.get("/res/session").text == "1"


def test_an_answer_that_comes_later(beside, client, key) -> None:
    client.begin("GET", f"/res/later?key={key}")
    assert "content-length" not in client.head()
    assert client.chunk() == b"begin "
    with beside.client() as other:
        assert other.get(f"/res/open?key={key}").text == "opened"
    assert client.chunk() + client.chunk() in (b"middle end", b"middle end" + b"")
    assert beside.await_noted(key, "finished") == ["finished"]


def test_an_answer_that_comes_later_and_at_once(client) -> None:
    answer = client.get("/res/deferring")
    assert (answer.text, answer["content-type"]) == ("after a while", "text/plain")


def test_a_client_that_leaves(beside, key) -> None:
    """``notifyFinish`` fails by ConnectionDone: the peer closed; nothing is left of the request."""
    with beside.client() as client:
        client.begin("GET", f"/res/later?key={key}")
        client.head()
        client.chunk()
    assert beside.await_noted(key, "ConnectionDone") == ["ConnectionDone"]


def test_a_client_that_leaves_before_anything_was_said(beside, key) -> None:
    with beside.client() as client:
        client.begin("GET", f"/res/later?key={key}&silent=1")
        beside.await_noted(key, "asked")
    assert beside.await_noted(key, "ConnectionDone") == ["asked", "ConnectionDone"]


def test_one_that_cuts_the_connection(client) -> None:
    client.begin("GET", "/res/cut")
    with pytest.raises((Truncated, ConnectionResetError)):
        client.answer()


# --- faults ----------------------------------------------------------------------------------------------------------


def test_a_resource_that_raises(beside, client) -> None:
    since = beside.server.mark()
    answer = client.get("/res/raising", "Accept: text/html")
    assert answer.status == 500
    assert "raises" not in answer.text
    assert client.get("/res/text").status == 200, "the connection is as good as before"
    beside.server.await_log("a resource that raises", since)
    assert since().count("application.failed") == 1
    assert 'File "' in since()


def test_one_that_raises_after_it_began(client) -> None:
    client.begin("GET", "/res/raising-late")
    with pytest.raises((Truncated, ConnectionResetError)):
        client.answer()


def test_one_that_gives_no_bytes_is_told_of_in_the_log_alone(beside, client) -> None:
    since = beside.server.mark()
    answer = client.get("/res/not-bytes")
    assert answer.status == 500
    assert "Resource" not in answer.text and "not bytes" not in answer.text
    beside.server.await_log("gave str, and must give bytes", since)


@pytest.mark.parametrize("name", ["bad-header", "not-bytes", "bad-producer"])
def test_what_cannot_be_sent(client, name) -> None:
    assert client.get(f"/res/{name}").status == 500
    assert client.get("/res/text").status == 200


# --- producers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["push", "pull"])
def test_producers(client, key, kind) -> None:
    body = client.get(f"/res/{kind}?count=300&key={key}").body
    blocks = [body[at : at + 8192] for at in range(0, len(body), 8192)]
    numbers = [int(block[:7]) for block in blocks]
    assert numbers == [number for number in range(1, 301) if kind == "push" or number % 7]
    assert all(block == block[:8] * 1024 for block in blocks)


def test_a_push_producer_waits_for_its_peer(beside, key) -> None:
    with beside.client(receive_buffer=8192) as client:
        client.begin("GET", f"/res/push?count=2000&key={key}")
        head = until(lambda: beside.journal(key), "a pause")
        assert isinstance(head, list) and head[0] < 1500
        assert len(client.answer().body) == 2000 * 8192


def test_a_push_producer_is_stopped_when_its_peer_leaves(beside, key) -> None:
    with beside.client(receive_buffer=8192) as client:
        client.begin("GET", f"/res/push?count=-1&key={key}")
        until(lambda: beside.journal(key), "a pause")
    assert beside.await_noted(key, "stopped")[-1] in ("ConnectionLost", "ConnectionDone")


def test_the_access_log_knows_them(beside, client) -> None:
    client.get("/res/text?logged")
    line = f'"GET /res/text?logged {beside.server.protocol}" 200 10'
    until(lambda: line in beside.server.output(), "the line")
