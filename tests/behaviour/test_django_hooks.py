"""The hooks of middleware (topics/http/middleware.html), for sync and async views."""

from __future__ import annotations

import pytest

from tests.behaviour import django_stage
from tests.behaviour.django_stage import new_key, query

pytestmark = pytest.mark.parametrize("kind", ["sync", "async"])


@pytest.fixture
def key() -> str:
    return new_key()


@pytest.fixture(scope="session")
def hooked():
    """Coroutine functions as hooks, in middleware that is async only."""
    with django_stage.site(MIDDLEWARE=["project.middleware.AsyncHooks", "project.middleware.Inner"]) as served:
        yield served


@pytest.mark.parametrize("place", ["marks.request", "inner.request", "marks.view", "inner.view"])
def test_early_returns(site, key, kind, place) -> None:
    answer = site.get(f"/{kind}/hello" + query(key=key, **{place: "return"}))
    assert (answer.status, answer.text) == (200, f"{place} returned")
    assert answer["X-Marks"] == "seen"
    assert ("X-Inner" in answer) == (place != "marks.request")
    noted = site.await_finished(key)
    assert "view" not in noted
    if place == "marks.view":
        assert "inner.view" not in noted


def test_view_middleware_may_return_a_template_response(site, key, kind) -> None:
    answer = site.get(f"/{kind}/hello" + query(key=key, marks__view="template"))
    assert answer.text == "marks.view template"
    assert "inner.template_response" in site.await_finished(key)


def test_request_middleware_must_return_what_is_rendered(site, key, kind) -> None:
    """As in Django, where only the view's response (or that of view middleware) is rendered."""
    assert site.get(f"/{kind}/hello" + query(key=key, inner__request="template")).status == 500


def test_template_responses(site, key, kind) -> None:
    assert site.get(f"/{kind}/template?key={key}").text == "said"
    noted = [entry for entry in site.await_finished(key) if "template" in entry]
    assert noted == ["inner.template_response", "marks.template_response"]
    assert site.get(f"/{kind}/template?swap=1").text == "swapped"


@pytest.mark.parametrize("name", ["marks.urlconf", "inner.urlconf"])
def test_another_urlconf(site, kind, name) -> None:
    answer = site.get(f"/{kind}/hello" + query(**{name: "project.other_urls"}))
    assert answer.text == "elsewhere /sync/hello"
    answer = site.get(f"/{kind}/nowhere" + query(**{name: "project.other_urls"}))
    assert (answer.status, answer.text) == (404, "missing elsewhere")
    assert site.get(f"/{kind}/urlconf").text == "project.urls", "of this request only"


def test_hooks_that_are_coroutine_functions(hooked, key, kind) -> None:
    assert hooked.get(f"/{kind}/hello?key={key}").text == "hello"
    noted = hooked.await_finished(key)[1:-1]
    expected = ["call", "inner.request", "view hook", "inner.view", "view", "inner.response", "called"]
    assert noted == expected
    assert hooked.get(f"/{kind}/hello" + query(hook=1)).text == "of the hook"


def test_hooks_for_exceptions_that_are_coroutine_functions(hooked, key, kind) -> None:
    answer = hooked.get(f"/{kind}/fails" + query(key=key, how="error", handle=1))
    assert (answer.status, answer.text) == (200, "handled")
    assert "exception hook" in hooked.await_finished(key)
    assert hooked.get(f"/{kind}/fails" + query(how="error")).status == 500


def test_hooks_for_template_responses_that_are_coroutine_functions(hooked, key, kind) -> None:
    assert hooked.get(f"/{kind}/template?key={key}").text == "said"
    assert "template hook" in hooked.await_finished(key)
