"""Two workers with one cache: what one makes, the other waits for; and nobody waits for what will not come."""

from __future__ import annotations

import pytest

from tests.answer.caching.conftest import value

MINUTE = ("Cache-Control", "max-age=60")


@pytest.fixture
def workers(make):
    return make(shared=True), make(shared=True)


def turn(worker) -> None:
    """What it had put off is done."""
    later, worker.later[:] = worker.later[:], []
    for _, call in later:
        call()


def test_one_makes_it_and_the_other_waits(workers) -> None:
    one, two = workers
    first, second = one.get(), two.get()
    assert (len(one.asked), len(two.asked)) == (1, 0)
    turn(two)
    assert not second.finished
    one.asked[0].respond("200 OK", [MINUTE], b"hello")
    turn(two)
    assert (first.body, second.body) == (b"hello", b"hello")
    assert value(two.get(), "cache-status") == "Hendrix; hit; ttl=60"


def test_variants_are_found_by_who_waited(workers) -> None:
    one, two = workers
    one.get(b"/", (b"accept-language", b"en"))
    german = two.get(b"/", (b"accept-language", b"de"))
    english = two.get(b"/", (b"accept-language", b"en"))
    one.asked[0].respond("200 OK", [MINUTE, ("Vary", "Accept-Language")], b"hello")
    turn(two)
    assert english.body == b"hello"
    two.asked[0].respond("200 OK", [MINUTE, ("Vary", "Accept-Language")], b"hallo")
    assert german.body == b"hallo"


def test_an_answer_that_is_not_shared_lets_the_other_go_on(workers) -> None:
    one, two = workers
    one.get()
    second = two.get()
    one.asked[0].respond("200 OK", [("Cache-Control", "private")], b"own")
    turn(two)
    two.asked[0].respond("200 OK", [("Cache-Control", "private")], b"mine")
    assert second.body == b"mine"


def test_a_reload_does_not_wait_for_anybody(workers) -> None:
    """What is fresh is there, and not what was asked for."""
    one, two = workers
    one.says(MINUTE)
    one.get()
    one.pass_time(1)
    two.says(MINUTE, body=b"new")
    assert two.get(b"/", (b"cache-control", b"no-cache")).body == b"new"
    assert two.later == []
    assert one.get().body == b"new"


def test_a_worker_that_does_not_finish_is_not_waited_for_long(workers) -> None:
    one, two = workers
    one.get()
    second = two.get()
    two.pass_time(5.1)
    two.layer.tick(0.0)
    two.says(MINUTE, body=b"by myself")
    turn(two)
    assert second.body == b"by myself"


def test_what_is_stale_is_renewed_by_one(workers) -> None:
    one, two = workers
    one.says(("Cache-Control", "max-age=60, stale-while-revalidate=600"))
    one.get()
    one.pass_time(100)
    one.answers = None
    assert one.get().body == b"hello"
    assert two.get().body == b"hello"
    assert (len(one.asked), len(two.asked)) == (2, 0)
    one.asked[1].respond("200 OK", [MINUTE], b"new")
    assert two.get().body == b"new"


def test_a_purge_by_one_holds_for_both(workers) -> None:
    from hendrix.cache.purges import purge_all

    one, two = workers
    one.says(MINUTE)
    one.get()
    assert two.get().body == b"hello"
    one.store.purge(purge_all())
    two.says(MINUTE, body=b"new")
    assert two.get().body == b"new"
    assert one.get().body == b"new"


def test_a_page_follows_the_rules_of_today(make) -> None:
    """A cache outlives a reload, and rules may be others then."""
    before = make(shared=True, cache_rule=("^/old/ browser=strip", "^/new/ browser=max-age=31536000"))
    before.says(MINUTE)
    before.get(b"/old/")
    before.get(b"/other/")
    after = make(shared=True, cache_rule=("^/new/ browser=max-age=31536000", "^/other/ browser=no-cache"))
    assert value(after.get(b"/old/"), "cache-control") == "max-age=60"
    assert value(after.get(b"/other/"), "cache-control") == "no-cache"
    assert after.asked == []
