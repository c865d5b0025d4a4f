"""What workers say of their cache, put together."""

from __future__ import annotations

from typing import Any

from hendrix.cli.cache import pages, totals


def page(id: str, hits: int) -> dict[str, Any]:
    return {"id": id, "url": f"/{id}", "hits": hits}


def test_a_page_that_is_shared_is_one_with_all_its_hits() -> None:
    answers = [
        {"shared": True, "entries": [page("a", 3), page("b", 0)]},
        {"shared": True, "entries": [page("b", 2), page("a", 4), page("c", 1)]},
    ]
    assert [(each["id"], each["hits"]) for each in pages(answers)] == [("a", 7), ("b", 2), ("c", 1)]


def test_without_sharing_each_has_its_own() -> None:
    answers = [{"shared": False, "entries": [page("a", 3)]}, {"shared": False, "entries": [page("a", 4)]}]
    assert [each["hits"] for each in pages(answers)] == [3, 4]


def test_what_the_store_counts_is_that_of_all_where_it_is_shared() -> None:
    one = {"hits": 5, "misses": 5, "entries": 9, "bytes": 100, "limit": 1000, "evicted": 2}
    shared = totals([{**one, "shared": True}, {**one, "shared": True}])
    assert (shared["entries"], shared["bytes"], shared["limit"], shared["evicted"]) == (9, 100, 1000, 2)
    apart = totals([one, one])
    assert (apart["entries"], apart["bytes"], apart["limit"], apart["evicted"]) == (18, 200, 2000, 4)
    assert (shared["hits"], shared["ratio"]) == (apart["hits"], apart["ratio"]) == (10, 0.5)
