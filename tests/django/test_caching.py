"""What views and models say to the cache, without a server: to a store that writes it down."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from django.template import Context, Engine
from django.test.utils import _TestState

from hendrix import cache
from hendrix.cache import here
from hendrix.cache.purges import Purge
from hendrix.cli import purging


class Store:
    def __init__(self) -> None:
        self.purges: list[Purge] = []

    def purge(self, purge: Purge) -> int:
        self.purges.append(purge)
        return 1


@pytest.fixture
def store():
    made = Store()
    here.use(SimpleNamespace(store=made))
    yield made
    here.use(None)


def test_all_that_can_be_purged(store) -> None:
    count = cache.purge("/a/", "https://example.org/b/?x=1", tags=["t"], prefixes="/c/", soft=True)
    assert count == 4
    assert [(purge.kind, purge.subject, purge.soft) for purge in store.purges] == [
        ("url", b"u:/a/", True),
        ("url", b"u:example.org/b/?x=1", True),
        ("tag", b"t:t", True),
        ("prefix", b"/c/", True),
    ]
    cache.purge(everything=True)
    assert store.purges[-1].kind == "all"


def test_an_address_of_people_s_is_encoded_as_browsers_do(store) -> None:
    cache.purge("/café/")
    assert store.purges[0].subject == b"u:/caf%C3%A9/"


@pytest.mark.parametrize("wrong", [{"tags": ["a b"]}, {"prefixes": ["x"]}])
def test_nonsense_purges_nothing(store, wrong) -> None:
    with pytest.raises(ValueError, match="is no"):
        cache.purge("/a/", **wrong)
    assert store.purges == []


def response(**headers: str) -> SimpleNamespace:
    return SimpleNamespace(headers=headers)


def model(pk: object = 17) -> SimpleNamespace:
    return SimpleNamespace(_meta=SimpleNamespace(label_lower="shop.article"), pk=pk)


def test_tags_add_up() -> None:
    made = cache.tag_response(response(), "news", model())
    assert made.headers["Cache-Tag"] == "news, shop.article:17"
    cache.tag_response(made, "news", "front")
    assert made.headers["Cache-Tag"] == "news, shop.article:17, front"


def test_a_tag_is_one_word() -> None:
    with pytest.raises(ValueError, match="is no tag"):
        cache.tag_response(response(), "two words")


def test_views_of_both_kinds() -> None:
    @cache.tagged("news")
    def view(request):
        return response()

    @cache.tagged("news")
    async def async_view(request):
        return response()

    assert view(None).headers["Cache-Tag"] == "news"
    assert asyncio.run(async_view(None)).headers["Cache-Tag"] == "news"
    assert (view.__name__, async_view.__name__) == ("view", "async_view")
    assert asyncio.iscoroutinefunction(async_view)


def test_what_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        cache.nothing  # noqa: B018


# --- template tags ---------------------------------------------------------------------------------------------


def rendered(text: str) -> str:
    engine = Engine(libraries={"hendrix_cache": "hendrix.templatetags.hendrix_cache"})
    return engine.from_string("{% load hendrix_cache %}" + text).render(Context({"url": "/list/?page=2#top"}))


def test_a_link_past_the_cache() -> None:
    first, second = (rendered("{% hendrix_cache_bust '/cart/' %}") for _ in range(2))
    assert first.startswith("/cart/?nocache=")
    assert first != second
    assert rendered("{% hendrix_cache_bust %}").startswith("?nocache=")


def test_a_link_that_is_cached_although_it_has_a_query() -> None:
    assert rendered("{% hendrix_cache_keep url %}") == "/list/?page=2&amp;cache=true#top"
    assert rendered("{% hendrix_cache_keep '/list/' %}") == "/list/"


def test_djangos_tests_purge_nothing_of_a_server_that_runs_beside_them(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(purging, "ask_server", lambda purges: asked.append(purges) or 7)
    assert cache.purge("/a/") == 7
    monkeypatch.setattr(_TestState, "saved_data", SimpleNamespace(), raising=False)
    assert cache.purge("/a/") == 0
    assert len(asked) == 1
