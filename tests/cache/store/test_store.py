"""What every store promises (``cache.store.interface``)."""

from __future__ import annotations

import random

import pytest

from hendrix.cache.entry import Fork
from hendrix.cache.purges import purge_all, purge_prefix, purge_tag, purge_url
from tests.cache.store.stage import LIMIT, Stage

PURGES = {
    "path": purge_url(b"/news/1"),
    "URL": purge_url(b"http://example.org/news/1"),
    "tag": purge_tag(b"news"),
    "prefix": purge_prefix(b"/news/"),
    "prefix of a host": purge_prefix(b"example.org/ne"),
    "all": purge_all(),
}
OTHERS = {
    "path": purge_url(b"/news/2"),
    "URL": purge_url(b"http://example.com/news/1"),
    "tag": purge_tag(b"new"),
    "prefix": purge_prefix(b"/news/1/"),
    "prefix of a host": purge_prefix(b"example.com/news"),
}
SOFT = {
    "path": purge_url(b"/news/1", soft=True),
    "tag": purge_tag(b"news", soft=True),
    "prefix": purge_prefix(b"/news/", soft=True),
    "all": purge_all(soft=True),
}


@pytest.fixture
def store(stage: Stage):
    return stage.open(LIMIT)


# --- put and get -------------------------------------------------------------------------------------------


def test_nothing_is_there_at_first(stage: Stage, store) -> None:
    assert store.get(b"k /") is None
    assert stage.look(store, b"k /") is None


def test_what_was_put_is_there_whole(stage: Stage, store) -> None:
    entry = stage.entry(
        "a",
        b"\0\xff" * 5000,
        while_revalidate=5.0,
        if_error=7.5,
        must_revalidate=True,
        vary=((b"accept-language", b"de"),),
        tags=[b"one", b"two"],
    )
    assert stage.put(store, entry)
    assert stage.look(store, entry.key) == entry
    assert stage.same(stage.look(stage.open(LIMIT), entry.key), entry if stage.shared else None)


def test_a_fork_is_there_whole(stage: Stage, store) -> None:
    fork = Fork(b"k /", ((b"accept-language", b"cookie"), (b"accept-language",), ()))
    assert stage.put(store, fork)
    assert stage.look(store, b"k /") == fork


def test_what_is_put_later_takes_its_place(stage: Stage, store) -> None:
    stage.put(store, stage.entry("a", b"old"))
    stage.put(store, stage.entry("a", b"new"))
    assert stage.look(store, b"k /a").bodies == {"identity": b"new"}


def test_it_is_given_stale_as_well(stage: Stage, store) -> None:
    stage.put(store, stage.entry("a", born=stage.clock() - 11, lifetime=10.0, if_error=100.0))
    assert stage.look(store, b"k /a").freshness(stage.clock()) <= 0


def test_remove(stage: Stage, store) -> None:
    stage.put(store, stage.entry("a"))
    store.remove(b"k /a")
    stage.turn()
    assert stage.look(store, b"k /a") is None


def test_to_remove_nothing_is_nothing(stage: Stage, store) -> None:
    store.remove(b"k /a")


def test_one_more_coding(stage: Stage, store) -> None:
    entry = stage.entry("a", b"hello")
    stage.put(store, entry)
    store.amend(stage.look(store, b"k /a"), "gzip", b"zipped")
    stage.turn()
    assert stage.look(store, b"k /a").bodies == {"identity": b"hello", "gzip": b"zipped"}


def test_a_coding_of_what_was_replaced_goes_to_that_alone(stage: Stage, store) -> None:
    stage.put(store, stage.entry("a", b"old"))
    old = stage.look(store, b"k /a")
    stage.put(store, stage.entry("a", b"new"))
    store.amend(old, "gzip", b"zipped")
    stage.turn()
    assert old.bodies["gzip"] == b"zipped"
    assert stage.look(store, b"k /a").bodies == {"identity": b"new"}


def test_listing(stage: Stage, store) -> None:
    for name in ("a", "b", "c"):
        stage.put(store, stage.entry(name))
    store.get(b"k /a")
    stage.put(store, Fork(b"k fork", ((b"cookie",),)))
    assert sorted(entry.url[-1:] for entry in store.listing(10)) == [b"a", b"b", b"c"]
    assert next(store.listing(10)).url[-1:] == b"a"
    assert len(list(store.listing(2))) == 2
    assert store.counts().entries == 3


def test_counts(stage: Stage, store) -> None:
    before = store.counts()
    assert before.entries == 0
    stage.put(store, stage.entry("a", b"x" * 5000))
    after = store.counts()
    assert after.entries == 1
    assert after.size >= before.size + 5000
    assert after.limit == LIMIT


# --- purging -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purge", PURGES.values(), ids=PURGES)
def test_a_purge(stage: Stage, store, purge) -> None:
    stage.put(store, stage.entry("news/1", tags=[b"news"]))
    stage.put(store, stage.entry("other"))
    store.purge(purge)
    assert store.get(b"k /news/1") is None
    assert stage.look(store, b"k /news/1") is None
    assert (stage.look(store, b"k /other") is None) == (purge == purge_all())


@pytest.mark.parametrize("purge", OTHERS.values(), ids=OTHERS)
def test_a_purge_of_something_else(stage: Stage, store, purge) -> None:
    stage.put(store, stage.entry("news/1", tags=[b"news"]))
    store.purge(purge)
    assert stage.look(store, b"k /news/1") is not None


@pytest.mark.parametrize("purge", SOFT.values(), ids=SOFT)
def test_a_soft_purge(stage: Stage, store, purge) -> None:
    stage.put(store, stage.entry("news/1", tags=[b"news"], if_error=60.0))
    assert not stage.look(store, b"k /news/1").soft
    store.purge(purge)
    found = stage.look(store, b"k /news/1")
    assert found.soft
    assert found.freshness(stage.clock()) == 0


def test_what_is_put_after_a_purge_stays(stage: Stage, store) -> None:
    for purge in [*PURGES.values(), *SOFT.values()]:
        store.purge(purge)
    stage.fetch(store, b"k /news/1")
    stage.put(store, stage.entry("news/1", tags=[b"news"]))
    assert not stage.look(store, b"k /news/1").soft


@pytest.mark.parametrize("purge", PURGES.values(), ids=PURGES)
def test_what_was_under_way_when_the_purge_came_is_refused(stage: Stage, store, purge) -> None:
    stage.fetch(store, b"k /news/1")
    entry = stage.entry("news/1", tags=[b"news"])
    store.purge(purge)
    stage.put(store, entry)
    assert stage.look(store, b"k /news/1") is None


def test_it_does_not_leave_what_it_was_to_replace(stage: Stage, store) -> None:
    stage.put(store, stage.entry("news/1", b"first"))
    entry = stage.entry("news/1", b"second", tags=[b"news"])
    store.purge(purge_tag(b"news"))
    stage.put(store, entry)
    assert stage.look(store, b"k /news/1") is None or stage.look(store, b"k /news/1").bodies["identity"] == b"first"


@pytest.mark.parametrize("purge", SOFT.values(), ids=SOFT)
def test_what_was_under_way_when_a_soft_purge_came_is_stale(stage: Stage, store, purge) -> None:
    stage.fetch(store, b"k /news/1")
    entry = stage.entry("news/1", tags=[b"news"])
    store.purge(purge)
    assert stage.put(store, entry)
    assert stage.look(store, b"k /news/1").soft


def test_a_purge_is_seen_by_another_worker(stage: Stage, store) -> None:
    other = stage.open(LIMIT)
    stage.put(other, stage.entry("news/1", tags=[b"news"]))
    assert other.get(b"k /news/1") is not None
    store.purge(purge_tag(b"news"))
    assert other.get(b"k /news/1") is None
    assert stage.look(other, b"k /news/1") is None


def test_a_soft_purge_is_seen_by_another_worker(stage: Stage, store) -> None:
    other = stage.open(LIMIT)
    stage.put(other, stage.entry("news/1", tags=[b"news"]))
    store.purge(purge_tag(b"news", soft=True))
    assert stage.look(other, b"k /news/1").soft


def test_very_many_purges_lose_none(stage: Stage, store) -> None:
    """More than any journal of a fixed size can have in full."""
    stage.put(store, stage.entry("a", tags=[b"tag-7"]))
    old = stage.entry("b", tags=[b"tag-9"])
    for number in range(3000):
        store.purge(purge_tag(b"tag-%d" % number))
    stage.put(store, old)
    assert stage.look(store, b"k /a") is None
    assert stage.look(store, b"k /b") is None


def test_very_many_prefixes_lose_none(stage: Stage, store) -> None:
    stage.put(store, stage.entry("section-7/a"))
    for number in range(500):
        store.purge(purge_prefix(b"/section-%d/" % number))
    assert stage.look(store, b"k /section-7/a") is None


# --- bounds ------------------------------------------------------------------------------------------------


def test_the_limit_holds(stage: Stage, store) -> None:
    chance = random.Random(6)
    for number in range(3000):
        store.put(stage.entry(f"p{number}", b"x" * chance.choice([0, 10, 1000, 20_000, 90_000])))
        if number % 100 == 0:
            stage.turn()
            assert store.counts().size <= LIMIT
    stage.turn()
    counts = store.counts()
    assert counts.size <= LIMIT
    assert stage.look(store, b"k /p2999") is not None
    assert store.get(b"k /p0") is None


def test_an_entry_past_an_eighth_of_the_limit_is_refused(stage: Stage, store) -> None:
    stage.put(store, stage.entry("a", b"small"))
    assert not stage.put(store, stage.entry("b", b"x" * (LIMIT // 8)))
    assert not stage.put(store, stage.entry("a", b"x" * (LIMIT // 8)))
    assert stage.look(store, b"k /b") is None
    assert stage.put(store, stage.entry("c", b"x" * (LIMIT // 8 - 8000)))


def test_what_is_used_stays(stage: Stage, store) -> None:
    stage.put(store, stage.entry("used", b"x" * 1000))
    stage.put(store, stage.entry("unused", b"x" * 1000))
    for number in range(1000):
        store.put(stage.entry(f"p{number}", b"x" * 3000))
        if number % 25 == 0:
            stage.turn()
        assert stage.look(store, b"k /used") is not None
    assert store.get(b"k /unused") is None


# --- one at work -------------------------------------------------------------------------------------------


def test_the_first_who_asks_is_to_make_it(stage: Stage, store) -> None:
    other = stage.open(LIMIT)
    if not store.far:
        pytest.skip("each worker has its own")
    assert stage.fetch(store, b"k /a") == (None, True)
    assert stage.fetch(other, b"k /a") == (None, False)
    assert stage.fetch(other, b"k /b") == (None, True)
    entry = stage.entry("a")
    stage.put(store, entry)
    found, ours = stage.fetch(other, b"k /a")
    assert stage.same(found, entry)
    assert not ours


def test_who_gives_up_lets_another(stage: Stage, store) -> None:
    other = stage.open(LIMIT)
    stage.fetch(store, b"k /a")
    store.release(b"k /a")
    stage.turn()
    assert stage.fetch(other, b"k /a") == (None, True)


def test_what_was_refused_lets_another(stage: Stage, store) -> None:
    other = stage.open(LIMIT)
    stage.fetch(store, b"k /a")
    entry = stage.entry("a")
    store.purge(purge_all())
    stage.put(store, entry)
    assert stage.fetch(other, b"k /a") == (None, True)


def test_what_is_not_ours_is_not_given_up(stage: Stage, store) -> None:
    other = stage.open(LIMIT)
    if not store.far:
        pytest.skip("each worker has its own")
    stage.fetch(store, b"k /a")
    other.release(b"k /a")
    stage.turn()
    assert stage.fetch(other, b"k /a") == (None, False)


def test_what_is_stale_is_renewed_by_one(stage: Stage, store) -> None:
    other = stage.open(LIMIT)
    if not store.far:
        pytest.skip("each worker has its own")
    entry = stage.entry("a", born=stage.clock() - 11, lifetime=10.0, while_revalidate=60.0)
    stage.put(store, entry)
    found, ours = stage.fetch(store, b"k /a")
    assert (found.bodies, ours) == (entry.bodies, True)
    found, ours = stage.fetch(other, b"k /a")
    assert (found.bodies, ours) == (entry.bodies, False)


def test_what_is_fresh_is_nobodys_to_make(stage: Stage, store) -> None:
    if not store.far:
        pytest.skip("the layer does not ask")
    stage.put(store, stage.entry("a"))
    assert stage.fetch(store, b"k /a")[1] is False
    assert stage.fetch(stage.open(LIMIT), b"k /a")[1] is (not stage.shared)
