"""RFC 9111 section 3: what may be stored by a shared cache, on top of which we want to be told a lifetime."""

from __future__ import annotations

import pytest

from hendrix.cache.rules import Rule
from hendrix.cache.storing import Terms
from tests.cache.stage import NOW, judged, kept, refused

LATER = "Sun, 06 Nov 1994 09:49:37 GMT"
EARLIER = "Sun, 06 Nov 1994 07:49:37 GMT"


def test_an_answer_that_says_nothing_is_not_kept() -> None:
    assert judged() == "no-freshness"
    assert judged(("Last-Modified", EARLIER)) == "no-freshness"
    assert refused("public") == "no-freshness"


@pytest.mark.parametrize("status", ["200 OK", "203 X", "204 X", "301 X", "302 X", "404 X", "410 X", "500 X", "599 X"])
def test_any_final_status_with_explicit_freshness(status) -> None:
    assert kept("max-age=60", status=status).lifetime == 60


@pytest.mark.parametrize("status", ["206 Partial Content", "304 Not Modified"])
def test_parts_are_not_kept(status) -> None:
    assert refused("max-age=60", status=status) == "partial"


def test_content_range_means_nothing_elsewhere() -> None:
    """RFC 9110 section 14.4."""
    assert kept("max-age=60", ("Content-Range", "bytes 0-1/2")).lifetime == 60


def test_no_store() -> None:
    assert refused("max-age=60, no-store") == "no-store"


def test_no_store_of_the_request() -> None:
    assert refused("max-age=60", wants="no-store") == "request-no-store"


@pytest.mark.parametrize("value", ["private, max-age=60", 'private="x-user", max-age=60', "s-maxage=9, private"])
def test_private(value) -> None:
    assert refused(value) == "private"


def test_set_cookie_is_never_shared() -> None:
    assert refused("public, max-age=60", ("Set-Cookie", "a=b")) == "set-cookie"


@pytest.mark.parametrize("value", ["max-age=60, public", "s-maxage=60", "max-age=60, must-revalidate"])
def test_an_authorized_request_with_leave(value) -> None:
    """Section 3.5."""
    assert kept(value, asks={b"authorization": b"Basic eDp5"}).lifetime == 60


@pytest.mark.parametrize("value", ["max-age=60", "max-age=60, proxy-revalidate", "max-age=60, no-cache"])
def test_an_authorized_request_without(value) -> None:
    assert refused(value, ("ETag", '"a"'), asks={b"authorization": b"Basic eDp5"}) == "authorization"


def test_must_understand() -> None:
    """Section 5.2.2.3: who understands the status ignores no-store; who does not ignores the lifetime."""
    assert kept("must-understand, no-store, max-age=60").lifetime == 60
    assert refused("must-understand, max-age=60", status="299 X") == "must-understand"


def test_vary_star() -> None:
    assert refused("max-age=60", ("Vary", "*")) == "vary-star"
    assert refused("max-age=60", ("Vary", "Accept, *")) == "vary-star"
    assert refused("max-age=60", ("Vary", "Accept"), ("Vary", "*")) == "vary-star"


def test_vary_names_are_collected() -> None:
    assert kept("max-age=60", ("Vary", "B, a"), ("Vary", "A ,")).names == (b"a", b"b")


def test_what_sends_a_file_is_for_the_server() -> None:
    assert refused("max-age=60", ("X-Accel-Redirect", "/protected/a")) == "send-file"


def test_no_cache_is_kept_where_it_can_be_validated() -> None:
    """Section 5.2.2.4."""
    assert kept("no-cache", ("ETag", '"a"')).no_cache
    assert refused("no-cache, max-age=60") == "stale-at-once"
    assert refused("no-cache") == "no-freshness"


def test_what_is_stale_at_once_is_kept_only_for_its_validator_or_grace() -> None:
    assert refused("max-age=0") == "stale-at-once"
    assert kept("max-age=0", ("ETag", '"a"')).lifetime == 0
    assert kept("max-age=0, stale-while-revalidate=30").while_revalidate == 30
    assert refused("max-age=0, stale-while-revalidate=30, must-revalidate") == "stale-at-once"


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ([("Cache-Control", "s-maxage=5, max-age=60"), ("Expires", LATER)], 5),
        ([("Cache-Control", "max-age=60"), ("Expires", LATER)], 60),
        ([("Expires", LATER)], 3600),
        ([("Expires", LATER), ("Date", EARLIER), ("Age", "0")], 7200),
        ([("Cache-Control", "max-age=60"), ("Cache-Control", "public")], 60),
    ],
)
def test_lifetimes(headers, lifetime) -> None:
    """Section 4.2.1: s-maxage, max-age, Expires minus Date, in this order."""
    assert judged(*headers).lifetime == lifetime


@pytest.mark.parametrize("value", ["0", "-1", "tomorrow", EARLIER, ""])
def test_an_expiry_that_is_invalid_or_past_is_stale(value) -> None:
    """Section 5.3."""
    assert judged(("Expires", value)) == "stale-at-once"


@pytest.mark.parametrize(
    "value", ["max-age=x", "max-age=-5", "max-age", "max-age=1.5", "max-age=", "s-maxage=x, max-age=60"]
)
def test_a_lifetime_that_is_malformed_is_stale(value) -> None:
    assert refused(value) == "stale-at-once"


@pytest.mark.parametrize(
    ("headers", "delay", "age"),
    [
        ([], 0, 0),
        ([], 3, 3),
        ([("Age", "20")], 3, 23),
        ([("Date", "Sun, 06 Nov 1994 08:49:07 GMT")], 0, 30),
        ([("Date", "Sun, 06 Nov 1994 08:49:07 GMT"), ("Age", "50")], 0, 50),
        ([("Date", LATER)], 0, 0),
        ([("Age", "x")], 0, 0),
        ([("Age", "-5")], 0, 0),
        ([("Age", "7, 9")], 0, 7),
    ],
)
def test_the_age_at_the_start(headers, delay, age) -> None:
    """Section 4.2.3: the larger one of apparent_age and corrected_age_value."""
    assert kept("max-age=100000", *headers, delay=delay).age == age


def test_revalidation_is_required_by_each_of_three() -> None:
    """Sections 5.2.2.2, 5.2.2.8, 5.2.2.10; RFC 5861 is leave that the answer itself gives."""
    assert kept("max-age=60, must-revalidate").must_revalidate
    assert kept("max-age=60, proxy-revalidate").must_revalidate
    assert kept("s-maxage=60").must_revalidate
    assert not kept("max-age=60").must_revalidate
    assert not kept("s-maxage=60, stale-while-revalidate=5").must_revalidate


def test_heuristics_are_for_who_asks() -> None:
    """Section 4.2.2: a tenth of the time since it changed, and a day at the most."""
    rule = Rule(heuristic=True)
    changed = ("Last-Modified", EARLIER)
    assert judged(changed, rule=rule).lifetime == 360
    assert judged(("Last-Modified", "Tue, 06 Nov 1984 08:49:37 GMT"), rule=rule).lifetime == 86400
    assert judged(rule=rule) == "stale-at-once"
    assert judged(changed, rule=rule, status="418 X") == "no-freshness"
    assert judged(changed, ("Cache-Control", "public"), rule=rule, status="418 X").lifetime == 360


@pytest.mark.parametrize("status", ["200 OK", "301 X", "302 X", "404 X", "410 X"])
def test_a_rule_speaks_for_answers_that_last(status) -> None:
    assert judged(status=status, rule=Rule(ttl=30)).lifetime == 30


@pytest.mark.parametrize("status", ["400 X", "401 X", "403 X", "429 X", "500 X", "502 X", "503 X", "504 X"])
def test_a_rule_does_not_make_an_error_last(status) -> None:
    """RFC 9110 section 15.1: they are not cacheable unless they say so themselves."""
    for rule in (Rule(ttl=30), Rule(ttl=30, override=True)):
        assert judged(status=status, rule=rule) == "no-freshness"
        assert kept("max-age=5", status=status, rule=rule).lifetime == 5


def test_a_rule_that_overrides_does_so_whatever_freshness_is_said() -> None:
    rule = Rule(ttl=30, override=True)
    for said in ("no-cache", "max-age=0", "max-age=0, no-cache"):
        found = kept(said, rule=rule)
        assert (found.lifetime, found.no_cache) == (30, False)
    assert refused("no-store", rule=rule) == "no-store"
    assert kept("no-cache", ("ETag", '"a"'), rule=Rule(ttl=30)).no_cache


def test_a_rule_speaks_for_who_says_nothing() -> None:
    rule = Rule(ttl=30, grace=10)
    found = judged(rule=rule)
    assert isinstance(found, Terms)
    assert (found.lifetime, found.while_revalidate, found.if_error) == (30, 10, 10)
    assert kept("max-age=60, stale-if-error=5", rule=rule).if_error == 5
    assert kept("max-age=60", rule=rule).lifetime == 60
    assert kept("max-age=60", rule=Rule(ttl=30, override=True)).lifetime == 30
    assert refused("private", rule=rule) == "private"
    assert judged(("Set-Cookie", "a=b"), rule=rule) == "set-cookie"


@pytest.mark.parametrize("now", [0.0, NOW, 2**31 - 1.0, 2**31 + 0.0, 4e9, 253402300799.0])
def test_no_time_is_special(now) -> None:
    found = kept("max-age=60", now=now)
    assert (found.lifetime, found.age) == (60, 0)


def test_a_lifetime_without_end_is_68_years() -> None:
    assert kept("max-age=" + "9" * 40).lifetime == 2**31
