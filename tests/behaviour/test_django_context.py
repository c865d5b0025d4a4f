"""Context variables, the language and the time zone go with a request, and with no other."""

from __future__ import annotations

import pytest

from tests.behaviour import django_stage
from tests.behaviour.django_stage import new_key, query

KINDS = ["sync", "async"]


@pytest.fixture(scope="session")
def between():
    """With middleware that is called as a whole, between middleware that is taken apart."""
    names = ["Marks", "either", "Inner"]
    with django_stage.site(MIDDLEWARE=[f"project.middleware.{name}" for name in names]) as served:
        yield served


@pytest.mark.parametrize("kind", KINDS)
def test_from_middleware_to_the_view_and_back(site, kind) -> None:
    answer = site.get(f"/{kind}/context")
    trail = "marks.request inner.request marks.view inner.view view"
    assert answer.text == f"{trail} | Yes | America/Chicago"
    assert answer["X-Trail"] == f"{trail} inner.response marks.response"


@pytest.mark.parametrize("kind", KINDS)
def test_through_middleware_that_is_called_as_a_whole(between, kind) -> None:
    answer = between.get(f"/{kind}/context" + query(language="de", zone="Asia/Tokyo", then="fr"))
    trail = "marks.request either async inner.request marks.view inner.view view"
    assert answer.text == f"{trail} | Ja | Asia/Tokyo"
    assert answer["X-Trail"] == f"{trail} inner.response marks.response"
    assert (answer["X-Language"], answer["X-Zone"]) == ("fr", "Asia/Tokyo")


@pytest.mark.parametrize("kind", KINDS)
def test_language_and_time_zone(site, kind) -> None:
    answer = site.get(f"/{kind}/context" + query(language="de", zone="Asia/Tokyo"))
    assert answer.text.endswith("| Ja | Asia/Tokyo")
    assert (answer["X-Language"], answer["X-Zone"]) == ("de", "Asia/Tokyo")


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_view_sets_is_there_on_the_way_out(site, kind) -> None:
    assert site.get(f"/{kind}/context" + query(then="fr"))["X-Language"] == "fr"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_it_is_left_for_the_next(site, kind) -> None:
    for _ in range(10):
        site.get(f"/{kind}/context" + query(language="de", zone="Asia/Tokyo"))
        for other in KINDS:
            answer = site.get(f"/{other}/context")
            assert answer.text == "marks.request inner.request marks.view inner.view view | Yes | America/Chicago"
            assert (answer["X-Language"], answer["X-Zone"]) == ("en-us", "America/Chicago")


def test_two_requests_at_once(site) -> None:
    keys = [new_key(), new_key()]
    languages = ["de", "fr"]
    clients = [
        site.begin("/async/meets" + query(key=key, gate=keys[0], language=language))
        for key, language in zip(keys, languages, strict=True)
    ]
    for key in keys:
        site.await_noted(key, "waits")
    site.open(keys[0])
    for key, language, client in zip(keys, languages, clients, strict=True):
        answer = client.answer()
        assert answer.text == f"marks.request inner.request marks.view inner.view {key} {language}"
        assert answer["X-Language"] == language
