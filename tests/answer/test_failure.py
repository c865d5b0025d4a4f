"""Error answers of the server itself."""

from __future__ import annotations

import json

import pytest

from hendrix.answer import failure as room
from hendrix.answer.failure import failure, use_page

EVIL = "<script>alert('1')</script> & \"more\" {0} {code} %s"


def test_html_by_default() -> None:
    status, headers, body = failure(404, "nothing is here", b"")
    assert status == "404 Not Found"
    assert ("Content-Type", "text/html; charset=utf-8") in headers
    assert b"<b>404</b>Not Found" in body
    assert b"Nothing is here." in body


def test_the_reason_is_escaped_in_html() -> None:
    body = failure(400, EVIL, b"")[2].decode()
    assert "<script>" not in body
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &amp; &quot;more&quot; {0} {code} %s" in body


def test_the_reason_is_escaped_in_json() -> None:
    status, headers, body = failure(400, EVIL, b"application/json")
    assert ("Content-Type", "application/json") in headers
    assert json.loads(body) == {"status": 400, "error": "Bad Request", "detail": EVIL}
    assert status == "400 Bad Request"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (b"", "text/html"),
        (b"*/*", "text/html"),
        (b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        (b"application/json", "application/json"),
        (b"application/json, text/plain, */*", "application/json"),
        (b"application/problem+json", "application/json"),
        (b"application/vnd.api+json;version=1", "application/json"),
        (b"application/json, text/html", "application/json"),
        (b"text/html, application/json", "text/html"),
        (b"\xff\xfe", "text/html"),
    ],
)
def test_what_the_peer_asks_for(accept, kind) -> None:
    assert dict(failure(500, "x", accept)[1])["Content-Type"].startswith(kind)


def test_error_pages_are_neither_stored_nor_guessed_at() -> None:
    headers = dict(failure(500, "x", b"")[1])
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Retry-After" not in headers


def test_one_that_was_shed_is_told_when_to_come_back() -> None:
    assert int(dict(failure(503, "busy", b"")[1])["Retry-After"]) > 0


def test_a_code_without_a_name() -> None:
    assert failure(599, "", b"")[0] == "599 Error"
    assert b"<b>599</b>Error" in failure(599, "", b"")[2]


def test_a_page_of_the_project_replaces_html_only(monkeypatch) -> None:
    monkeypatch.setattr(room, "_own_pages", {})
    use_page(500, b"<p>ours</p>")
    assert failure(500, "x", b"")[2] == b"<p>ours</p>"
    assert failure(500, "x", b"application/json")[2] != b"<p>ours</p>"
    assert failure(503, "x", b"")[2] != b"<p>ours</p>"
