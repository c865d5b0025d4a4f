"""``ATOMIC_REQUESTS`` (topics/db/transactions.html "tying transactions to HTTP requests")."""

from __future__ import annotations

import tempfile

import pytest

from tests.behaviour import django_stage
from tests.behaviour.conftest import make_tables
from tests.behaviour.django_stage import new_key, query


@pytest.fixture(scope="session")
def atomic():
    with tempfile.TemporaryDirectory(prefix="hx-") as folder:
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/db.sqlite3", "ATOMIC_REQUESTS": True}
        make_tables(database["NAME"])
        with django_stage.site(DATABASES={"default": database}) as served:
            yield served


@pytest.fixture
def key() -> str:
    return new_key()


def test_a_view_commits(atomic, key) -> None:
    assert atomic.get("/sync/add_word" + query(text=key)).text == "True"
    assert key in atomic.read("/sync/words")


def test_a_view_that_raises_is_rolled_back(atomic, key) -> None:
    assert atomic.get("/sync/add_word" + query(text=key, fail=1)).status == 500
    assert key not in atomic.read("/sync/words")


def test_also_where_middleware_makes_a_response_of_it(atomic, key) -> None:
    answer = atomic.get("/sync/add_word" + query(text=key, fail=1, inner__exception="return"))
    assert answer.status == 200
    assert key not in atomic.read("/sync/words")


def test_without_it_nothing_is_rolled_back(site, key) -> None:
    assert site.get("/sync/add_word" + query(text=key, fail=1)).status == 500
    assert key in site.read("/sync/words")


def test_async_views_are_refused(atomic, key) -> None:
    since = atomic.server.mark()
    assert atomic.get("/async/add_word" + query(text=key)).status == 500
    assert key not in atomic.read("/sync/words")
    del since


def test_async_views_are_refused_with_djangos_words() -> None:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "ATOMIC_REQUESTS": True}
    with django_stage.site(DATABASES={"default": database}, DEBUG=True) as served:
        assert "You cannot use ATOMIC_REQUESTS with async views." in served.get("/async/words").text


def test_async_views_that_opt_out(atomic, key) -> None:
    assert atomic.get("/async/loose_word" + query(text=key)).text == "added"
    assert key in atomic.read("/sync/words")
