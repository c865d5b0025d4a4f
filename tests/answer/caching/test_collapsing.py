"""Many who want one page have it made once; and never wait where that would be no use."""

from __future__ import annotations

import pytest

from hendrix.cache.purges import purge_all, purge_url
from tests.answer.caching.conftest import value
from tests.kit.stage import FakeExchange, request

MINUTE = ("Cache-Control", "max-age=60")


def test_a_thousand_at_once_are_one(cache) -> None:
    waiting = [cache.get() for _ in range(1000)]
    assert len(cache.asked) == 1
    assert not any(found.finished for found in waiting)
    cache.asked[0].respond("200 OK", [MINUTE], b"hello")
    assert all(found.body == b"hello" and found.finished for found in waiting)
    assert value(waiting[1], "cache-status") == "Hendrix; fwd=uri-miss; collapsed"


def test_those_for_whom_it_is_not_are_asked_for_one_by_one(cache) -> None:
    waiting = [cache.get() for _ in range(10)]
    cache.answers = ("200 OK", [("Cache-Control", "private")], b"own")
    cache.asked[0].respond("200 OK", [("Cache-Control", "private")], b"first")
    assert [found.body for found in waiting] == [b"first", *[b"own"] * 9]
    assert len(cache.asked) == 10


def test_what_was_not_shared_makes_nobody_wait_the_next_time(cache) -> None:
    cache.says(("Cache-Control", "private"))
    cache.get()
    cache.answers = None
    for _ in range(5):
        cache.get()
    assert len(cache.asked) == 6


def test_another_variant_is_not_given(cache) -> None:
    english = cache.get(b"/", (b"accept-language", b"en"))
    german = cache.get(b"/", (b"accept-language", b"de"))
    assert len(cache.asked) == 1
    cache.asked[0].respond("200 OK", [MINUTE, ("Vary", "Accept-Language")], b"hello")
    assert english.body == b"hello"
    assert not german.finished
    cache.asked[1].respond("200 OK", [MINUTE, ("Vary", "Accept-Language")], b"hallo")
    assert german.body == b"hallo"


def test_after_a_while_they_go_on_by_themselves(make) -> None:
    cache = make(cache_wait=5.0)
    waiting = [cache.get() for _ in range(4)]
    cache.pass_time(5.1)
    cache.layer.tick(0.0)
    assert len(cache.asked) == 4
    for exchange in cache.asked[1:]:
        exchange.respond("200 OK", [MINUTE], b"later")
    assert [found.body for found in waiting[1:]] == [b"later"] * 3
    cache.asked[0].respond("200 OK", [MINUTE], b"at last")
    assert waiting[0].body == b"at last"


@pytest.mark.parametrize(
    "said", ["no-cache", "max-age=0", "max-age=0, must-revalidate", "max-age=0, stale-if-error=60"]
)
def test_what_answers_one_request_only_is_not_given_to_others(cache, said) -> None:
    """RFC 9111 section 4 has requests collapse where the answer may be reused; section 5.2.2.4: not this one."""
    headers = [("Cache-Control", said), ("ETag", '"a"')]
    waiting = [cache.get() for _ in range(3)]
    cache.asked[0].respond("200 OK", headers, b"first")
    assert [found.finished for found in waiting] == [True, False, False]
    assert [exchange.request.fields[b"if-none-match"] for exchange in cache.asked[1:]] == [b'"a"', b'"a"']
    cache.asked[1].respond("304 Not Modified", headers, b"")
    cache.asked[2].respond("200 OK", headers, b"third")
    assert [found.body for found in waiting] == [b"first", b"first", b"third"]


def test_who_must_validate_it_anyway_waits_for_nobody(cache) -> None:
    cache.says(("Cache-Control", "no-cache"), ("ETag", '"a"'))
    cache.get()
    cache.answers = None
    waiting = [cache.get() for _ in range(3)]
    assert len(cache.asked) == 4
    for exchange in cache.asked[1:]:
        exchange.respond("304 Not Modified", [("Cache-Control", "no-cache"), ("ETag", '"a"')], b"")
    assert [found.body for found in waiting] == [b"hello"] * 3


def test_what_covers_an_error_is_given_to_all_who_wait(cache) -> None:
    cache.says(("Cache-Control", "max-age=60, stale-if-error=600"))
    cache.get()
    cache.pass_time(100)
    cache.answers = None
    waiting = [cache.get() for _ in range(3)]
    cache.asked[1].respond("503 Service Unavailable", [], b"down")
    assert [found.body for found in waiting] == [b"hello"] * 3
    assert len(cache.asked) == 2


def test_a_renewal_that_takes_long_is_begun_once(make) -> None:
    """Whoever needs the page itself goes on without it, and those together."""
    cache = make(cache_wait=5.0)
    cache.says(("Cache-Control", "max-age=60, stale-while-revalidate=600"))
    cache.get()
    cache.pass_time(100)
    cache.answers = None
    for _ in range(4):
        assert cache.get().body == b"hello"
        cache.pass_time(6)
        cache.layer.tick(0.0)
    assert len(cache.asked) == 2
    reload = (b"cache-control", b"no-cache")
    waiting = [cache.get(b"/", reload) for _ in range(3)]
    assert len(cache.asked) == 3
    cache.asked[2].respond("200 OK", [MINUTE], b"new")
    assert [found.body for found in waiting] == [b"new"] * 3
    assert cache.get().body == b"new"


def test_pages_that_are_renewed_for_nobody_do_not_pile_up(cache) -> None:
    cache.says(("Cache-Control", "max-age=60, stale-while-revalidate=600"))
    for number in range(400):
        cache.get(b"/%d" % number)
    cache.pass_time(100)
    cache.answers = None
    for number in range(400):
        assert cache.get(b"/%d" % number).body == b"hello"
    assert len(cache.asked) == 400 + 256


def test_a_renewal_that_never_comes_is_not_waited_for_without_end(make) -> None:
    cache = make(cache_wait=5.0)
    cache.says(("Cache-Control", "max-age=60, stale-while-revalidate=6000"))
    cache.get()
    cache.pass_time(100)
    cache.answers = None
    cache.get()
    cache.pass_time(61)
    cache.layer.tick(0.0)
    cache.get()
    assert len(cache.asked) == 3


def test_the_first_client_goes_and_the_others_get_it(cache) -> None:
    first, second = cache.get(), cache.get()
    gone: list[bool] = []
    cache.asked[0].on_gone = lambda: gone.append(True)
    first.gone = True
    first.on_gone()
    assert not gone
    assert not cache.asked[0].gone
    cache.asked[0].respond("200 OK", [MINUTE], b"hello")
    assert second.body == b"hello"


def test_the_only_client_goes_and_the_application_is_told(cache) -> None:
    only = cache.get()
    gone: list[bool] = []
    cache.asked[0].on_gone = lambda: gone.append(True)
    only.gone = True
    only.on_gone()
    assert gone
    assert cache.asked[0].gone
    cache.get()
    assert len(cache.asked) == 2


def test_an_application_that_fails_lets_go_of_those_who_wait(cache) -> None:
    first, second = cache.get(), cache.get()
    cache.asked[0].respond("500 Internal Server Error", [], b"failed")
    assert first.body == b"failed"
    assert len(cache.asked) == 2
    cache.asked[1].respond("200 OK", [MINUTE], b"hello")
    assert second.body == b"hello"


# --- purges meanwhile ------------------------------------------------------------------------------------------


def test_what_was_being_made_when_it_was_purged_is_not_kept(cache) -> None:
    before = cache.get()
    cache.store.purge(purge_url(b"/"))
    cache.asked[0].respond("200 OK", [MINUTE], b"old")
    assert before.body == b"old"
    cache.says(MINUTE, body=b"new")
    assert cache.get().body == b"new"
    assert cache.get().body == b"new"


def test_who_comes_after_a_purge_is_not_given_what_was_begun_before(cache) -> None:
    before = cache.get()
    cache.store.purge(purge_all())
    after = cache.get()
    cache.asked[0].respond("200 OK", [MINUTE], b"old")
    assert before.body == b"old"
    assert not after.finished
    cache.asked[1].respond("200 OK", [MINUTE], b"new")
    assert after.body == b"new"


@pytest.mark.parametrize(("soft", "body"), [(False, b"down"), (True, b"hello")])
def test_what_was_purged_meanwhile_covers_no_error(cache, soft, body) -> None:
    cache.says(("Cache-Control", "max-age=60, stale-if-error=600"))
    cache.get()
    cache.pass_time(100)
    cache.answers = None
    found = cache.get()
    cache.store.purge(purge_url(b"/", soft=soft))
    cache.asked[1].respond("503 Service Unavailable", [], b"down")
    assert found.body == body


def test_a_purge_of_something_else_lets_them_share(cache) -> None:
    cache.get()
    cache.store.purge(purge_url(b"/other"))
    after = cache.get()
    cache.asked[0].respond("200 OK", [MINUTE], b"hello")
    assert after.body == b"hello"
    assert len(cache.asked) == 1


def test_a_repeated_head_is_asked_about_after_a_purge(cache) -> None:
    """The short cut of the connection (``Exchange.send``)."""
    seen = []
    cache.says(MINUTE)
    cache.get()
    exchange = cache.get()
    shown = next(iter(cache.store.get(b"http://test.example/").made.shown.values()))
    assert shown.still()
    cache.store.purge(purge_url(b"/other"))
    assert not shown.still()
    cache.get()
    assert shown.still()
    assert not seen
    assert exchange.finished


# --- what is not shared costs next to nothing ------------------------------------------------------------------


def test_a_page_like_the_last_one_is_let_pass(cache) -> None:
    cache.says()
    for _ in range(3):
        assert value(cache.get(), "cache-status") == "Hendrix; fwd=uri-miss; detail=no-freshness"
    assert cache.keeping.tally.reasons["no-freshness"] == 3
    assert b"/" in cache.keeping.quick


def test_one_that_has_become_another_is_kept_soon(cache) -> None:
    cache.says()
    cache.get()
    cache.says(MINUTE)
    cache.get()
    cache.get()
    assert value(cache.get(), "cache-status") == "Hendrix; hit; ttl=60"


def test_the_mark_is_over_after_a_while(cache) -> None:
    cache.says()
    cache.get()
    cache.pass_time(31)
    cache.layer.tick(0.0)
    assert b"/" not in cache.keeping.quick


def test_when_it_is_over_still_nobody_waits(cache) -> None:
    """A slow page for one visitor would hold up all others each time."""
    cache.says(("Cache-Control", "private"))
    cache.get()
    cache.pass_time(31)
    cache.layer.tick(0.0)
    cache.answers = None
    for _ in range(3):
        cache.get()
    assert len(cache.asked) == 4


def test_who_is_known_does_not_keep_others_from_sharing(cache) -> None:
    """What one gets for credentials or a session says nothing of what others get."""
    cache.says(MINUTE)
    cache.get(b"/", (b"authorization", b"Basic eDp5"))
    cache.get()
    assert value(cache.get(), "cache-status") == "Hendrix; hit; ttl=60"


def test_nobody_waits_for_the_page_of_one_who_is_known(cache) -> None:
    own, other = cache.get(b"/", (b"cookie", b"sessionid=1")), cache.get()
    assert len(cache.asked) == 2
    cache.asked[1].respond("200 OK", [MINUTE, ("Vary", "Cookie")], b"for all")
    assert other.body == b"for all"
    assert not own.finished


def test_another_host_is_another_page(cache) -> None:
    cache.says()
    cache.get()
    cache.says(MINUTE)
    for _ in range(2):
        found = FakeExchange(request(b"/"))
        found.request.authority = b"other.example"
        cache.layer.answer(found)
    assert value(found, "cache-status") == "Hendrix; hit; ttl=60"
