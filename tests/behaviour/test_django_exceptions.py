"""Exceptions become responses (ref/views.html "error views", topics/http/middleware.html "exception handling")."""

from __future__ import annotations

import pytest

from tests.behaviour.django_stage import new_key, query

KINDS = ["sync", "async"]
PLACES = ["marks.request", "inner.request", "marks.view", "inner.view", "inner.response", "marks.response"]
pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def key() -> str:
    return new_key()


@pytest.mark.parametrize(
    ("how", "status", "body"),
    [
        ("denied", 403, "403 Forbidden"),
        ("suspicious", 400, "own 400: odd"),
        ("bad", 400, "own 400: bad"),
        ("missing", 404, "own 404: Http404"),
        ("error", 500, "Server Error (500)"),
    ],
)
def test_of_the_view(site, kind, how, status, body) -> None:
    answer = site.get(f"/{kind}/fails" + query(how=how))
    assert answer.status == status
    assert body in answer.text
    assert answer["X-Inner"] == answer["X-Marks"] == "seen", "the way out leads through all middleware"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("what", "status"), [("raise", 500), ("deny", 403)])
def test_of_middleware(site, key, kind, place, what, status) -> None:
    answer = site.get(f"/{kind}/hello" + query(key=key, **{place: what}))
    assert answer.status == status
    assert ("X-Marks" in answer) == (not place.startswith("marks.re"))
    assert ("X-Inner" in answer) == place.endswith(".view")


def test_of_a_hook_for_exceptions(site, key, kind) -> None:
    answer = site.get(f"/{kind}/fails" + query(key=key, how="error", inner__exception="raise"))
    assert answer.status == 500
    noted = site.await_finished(key)
    assert "saw ValueError" in noted
    assert noted.count("exception signal") == 1


def test_hooks_for_exceptions_are_asked_from_the_inside(site, key, kind) -> None:
    answer = site.get(f"/{kind}/fails" + query(key=key, how="error", inner__exception="return"))
    assert (answer.status, answer.text) == (200, "inner.exception returned")
    noted = site.await_finished(key)
    assert noted.count("saw ValueError") == 1
    assert "marks.exception" not in noted
    assert "exception signal" not in noted
    answer = site.get(f"/{kind}/fails" + query(key=key, how="denied", marks__exception="return"))
    assert (answer.status, answer.text) == (200, "marks.exception returned")


def test_hooks_for_exceptions_do_not_see_those_of_middleware(site, key, kind) -> None:
    site.get(f"/{kind}/hello" + query(key=key, inner__request="raise"))
    site.get(f"/{kind}/hello" + query(key=key, inner__response="raise"))
    assert not [entry for entry in site.journal(key) if entry.startswith("saw")]


def test_of_a_template_that_is_rendered_late(site, key, kind) -> None:
    answer = site.get(f"/{kind}/template" + query(key=key, name="broken.html"))
    assert answer.status == 500
    assert site.await_finished(key).count("saw ValueError") == 2
    answer = site.get(f"/{kind}/template" + query(name="broken.html", inner__exception="return"))
    assert answer.text == "inner.exception returned"


def test_of_a_hook_for_template_responses(site, key, kind) -> None:
    answer = site.get(f"/{kind}/template" + query(key=key, inner__template_response="raise"))
    assert answer.status == 500


def test_a_page_for_errors_that_fails_itself(site, key, kind) -> None:
    assert site.get(f"/{kind}/fails" + query(key=key, how="missing", explode=1)).status == 500
    assert site.await_finished(key).count("exception signal") >= 1


def test_a_view_that_answers_nothing(site, kind, debug_site) -> None:
    assert site.get(f"/{kind}/nothing").status == 500
    said = debug_site.get(f"/{kind}/nothing").text
    assert "project.plain.nothing" in said
    assert "return an HttpResponse object" in said or "returned None instead" in said


def test_paths_that_are_not_there(site, kind, debug_site) -> None:
    assert site.get(f"/{kind}/nowhere").text == "own 404: Resolver404"
    assert "Using the URLconf defined in" in debug_site.get(f"/{kind}/nowhere").text


def test_technical_pages(debug_site, kind) -> None:
    answer = debug_site.get(f"/{kind}/fails" + query(how="error"))
    assert answer.status == 500
    assert "ValueError" in answer.text
    assert "the view failed" in answer.text
    assert "plain.py" in answer.text
    assert "raise ERRORS[request.GET[" in answer.text, "the frame of the view is shown"
    answer = debug_site.get(f"/{kind}/fails" + query(how="suspicious"))
    assert answer.status == 400
    assert "SuspiciousOperation" in answer.text
    answer = debug_site.get(f"/{kind}/fails" + query(how="missing"))
    assert answer.status == 404
    assert "gone" in answer.text


@pytest.mark.parametrize("place", PLACES)
def test_technical_pages_of_middleware(debug_site, kind, place) -> None:
    answer = debug_site.get(f"/{kind}/hello" + query(**{place: "raise"}))
    assert answer.status == 500
    assert f"{place} raised" in answer.text
    assert "middleware.py" in answer.text


def test_server_errors_are_told_in_the_log(site, kind) -> None:
    since = site.server.mark()
    site.get(f"/{kind}/fails" + query(how="exit"))
    site.server.await_log("SystemExit", since)
