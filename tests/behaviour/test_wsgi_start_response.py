"""PEP 3333, section "The start_response() Callable": once, again, late, never, and with what HTTP cannot carry."""

from __future__ import annotations

import json

import pytest

from tests.kit.client import Truncated

SMUGGLED = ("smuggled", "x-bad", "set-cookie")


def test_a_good_answer(client) -> None:
    answer = client.get("/good_headers")
    assert answer.status == 299
    assert answer["X-Latin"] == "caf\xe9"
    assert answer.all("Set-Cookie") == ["a=1", "b=2"]
    assert answer["X-E"] == ""
    assert answer["Content-Length"] == "2"
    assert answer["Date"].endswith("GMT")
    assert answer["Server"] == "hendrix"


def test_twice_is_an_error(client, logged) -> None:
    assert client.get("/twice").status == 500
    assert "start_response was called twice" in logged("application.failed")


def test_with_exc_info_before_the_head_is_sent_it_replaces(client) -> None:
    answer = client.get("/replaced")
    assert (answer.status, answer["X-Replaced"], answer.body) == (503, "yes", b"sorry")
    assert "Content-Type" not in answer


def test_with_exc_info_after_the_head_is_sent_it_raises(stage, client, key, logged) -> None:
    client.begin("GET", f"/too_late?{key}")
    with pytest.raises(Truncated):
        client.answer()
    assert stage.journal(key) == ["raised again: after the head is sent"]
    assert "after the head is sent" in logged("application.failed")


@pytest.mark.parametrize("which", ["no_start", "no_start_stream", "no_start_nothing", "no_iterable"])
def test_not_called_or_nothing_returned(stage, client, key, which, logged) -> None:
    assert client.get(f"/{which}?{key}").status == 500
    logged("application.failed")
    if which.startswith("no_start_"):
        stage.await_closed(key)
    assert client.get("/hello").status == 200, "the connection goes on"


def test_called_within_the_iterator(stage, client, key) -> None:
    answer = client.get(f"/late_start?{key}")
    assert (answer.status, answer.body) == (200, b"late")
    stage.await_noted(key, "ended")


@pytest.mark.parametrize("which", ["bytes", "int", "short", "bare", "break", "interim", "words", "none", "snow"])
def test_a_bad_status_is_500(client, which, logged) -> None:
    answer = client.get(f"/bad_status/{which}")
    assert answer.status == 500
    assert not any(name in answer for name in ("x", *SMUGGLED))
    assert "id=" in logged("application.")


BAD = ["newline", "lf", "cr", "nul", "name", "space", "empty", "colon", "unicode", "bytes", "number", "none"]
BAD += ["triple", "word", "connection", "coding", "upgrade", "keep-alive", "trailer"]
BAD += ["lengths", "length", "length-list", "nothing"]


@pytest.mark.parametrize("how", ["whole", "stream"])
@pytest.mark.parametrize("which", BAD)
def test_bad_headers_are_500_and_nothing_is_smuggled(stage, client, key, which, how, logged) -> None:
    answer = client.get(f"/headers/{which}/{how}?{key}")
    assert answer.status == 500
    assert not any(name in answer for name in SMUGGLED)
    assert "id=" in logged("application.")
    if how == "stream" and which != "nothing":
        stage.await_closed(key)
    assert client.get("/hello").status == 200, "the connection goes on"


def test_write(client) -> None:
    assert client.get("/writes").body == b"one two three four"


def test_write_takes_bytes_only(client, logged) -> None:
    assert client.get("/writes_text").status == 500
    assert "the body holds str, not bytes" in logged("application.failed")


# --- what the application raises ---------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["error", "exit", "interrupt"])
def test_an_exception_is_a_page_for_the_peer_and_a_traceback_for_the_log(stage, client, which, logged) -> None:
    workers = stage.server.workers()
    answer = client.get(f"/raises/{which}", "Accept: text/html,*/*")
    assert answer.status == 500
    assert answer["Content-Type"].startswith("text/html")
    assert "secret" not in answer.text and "Traceback" not in answer.text
    text = logged("secret of the project")
    assert "Traceback" in text and f"GET /raises/{which}" in text and answer["X-Request-ID"] in text
    assert client.get("/hello").status == 200, "same connection"
    assert stage.server.workers() == workers, "same worker"


def test_the_page_is_json_for_who_asks_for_it(client) -> None:
    answer = client.get("/raises/error", "Accept: application/json")
    assert answer["Content-Type"] == "application/json"
    assert json.loads(answer.body) == {
        "status": 500,
        "error": "Internal Server Error",
        "detail": "the application failed",
    }


def test_a_bad_answer_is_json_too_for_who_asks_for_it(client) -> None:
    assert client.get("/headers/newline/whole", "Accept: application/json")["Content-Type"] == "application/json"


def test_the_page_has_no_body_for_head(client) -> None:
    answer = client.request("HEAD", "/raises/error")
    assert (answer.status, answer.body) == (500, b"")
    assert int(answer["Content-Length"]) > 100
    assert client.get("/hello").body == b"hello"
