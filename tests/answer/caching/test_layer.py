"""What clients get from the cache, and what the application is asked."""

from __future__ import annotations

import gc
import gzip
from dataclasses import replace

import pytest

from hendrix.core.http import ClientCertificate, Secured
from tests.answer.caching.conftest import value
from tests.kit.stage import PEER, FakeExchange, request

MINUTE = ("Cache-Control", "max-age=60")
LONG = b"<p>many words " * 200


def test_the_second_is_served_from_the_cache(cache) -> None:
    cache.says(MINUTE)
    first, second = cache.get(), cache.get()
    assert (first.body, second.body) == (b"hello", b"hello")
    assert len(cache.asked) == 1
    assert value(first, "cache-status") == "Hendrix; fwd=uri-miss; stored"
    assert value(second, "cache-status") == "Hendrix; hit; ttl=60"


def test_age_grows_and_then_it_is_asked_again(cache) -> None:
    cache.says(MINUTE)
    cache.get()
    cache.pass_time(59.5)
    assert value(cache.get(), "age") == "59"
    cache.pass_time(0.5)
    assert value(cache.get(), "age") == "0"
    assert len(cache.asked) == 2


def test_what_is_not_kept_says_why(cache) -> None:
    cache.says(MINUTE, ("Set-Cookie", "a=b"))
    assert value(cache.get(), "cache-status") == "Hendrix; fwd=uri-miss; detail=set-cookie"
    assert cache.keeping.tally.reasons["set-cookie"] == 1
    assert list(cache.keeping.tally.recent) == [("http://test.example/", "set-cookie")]


@pytest.mark.parametrize(
    ("headers", "target", "reason"),
    [
        ([], b"/?a=1", "query"),
        ([(b"cookie", b"messages=x")], b"/", "messages"),
    ],
)
def test_what_passes_by_says_why(cache, headers, target, reason) -> None:
    cache.says(MINUTE)
    for _ in range(2):
        assert value(cache.get(target, *headers), "cache-status") == f"Hendrix; fwd=bypass; detail={reason}"
    assert len(cache.asked) == 2


@pytest.mark.parametrize(("said", "body"), [("max-age=60", b"Joe's"), ("max-age=60, public", b"Jane's")])
def test_what_was_made_for_a_certificate_is_shared_where_it_says_so(cache, said, body) -> None:
    """As with Authorization (RFC 9111 section 3.5): a view knows who asks, and could not say so in Vary."""
    for name in ("Jane", "Joe"):
        cache.says(("Cache-Control", said), body=f"{name}'s".encode())
        client = ClientCertificate("", f"CN={name}", "", "1")
        secured = Secured("TLSv1.3", 772, "TLS_AES_128_GCM_SHA256", 4865, client)
        exchange = FakeExchange(request(b"/"), replace(PEER, scheme="https", secured=secured))
        cache.layer.answer(exchange)
    assert exchange.body == body


def test_a_page_with_a_token_is_for_one(cache) -> None:
    cache.says(MINUTE, body=b'<input name="csrfmiddlewaretoken" value="x">')
    assert value(cache.get(), "cache-status").endswith("detail=csrf-token")
    cache.get()
    assert len(cache.asked) == 2


def test_head_from_get(cache) -> None:
    cache.says(MINUTE)
    cache.get()
    found = cache.get(method="HEAD")
    assert (found.status, found.body, value(found, "content-length")) == ("200 OK", b"", "5")
    assert len(cache.asked) == 1


# --- codings ---------------------------------------------------------------------------------------------------


def test_gzip_is_made_once_and_another_coding_when_it_is_liked(cache) -> None:
    cache.says(MINUTE, ("ETag", '"a"'), body=LONG)
    plain = cache.get()
    zipped = cache.get(b"/", (b"accept-encoding", b"gzip"))
    better = cache.get(b"/", (b"accept-encoding", b"gzip, br"))
    assert plain.body == LONG
    assert gzip.decompress(zipped.body) == LONG
    assert value(better, "content-encoding") == "br"
    assert {value(one, "vary") for one in (plain, zipped, better)} == {"Accept-Encoding"}
    assert [value(one, "etag") for one in (plain, zipped)] == ['"a"', 'W/"a"']
    assert set(cache.store.get(b"http://test.example/").bodies) == {"identity", "gzip", "br"}
    assert len(cache.asked) == 1


def test_what_the_application_has_coded_stays_so(cache) -> None:
    cache.says(MINUTE, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"), body=b"zipped")
    cache.get(b"/", (b"accept-encoding", b"gzip"))
    assert cache.get(b"/", (b"accept-encoding", b"gzip, sdch")).body == b"zipped"
    cache.says(MINUTE, ("Vary", "Accept-Encoding"), body=b"plain")
    assert cache.get().body == b"plain"
    assert len(cache.asked) == 2


# --- conditions and ranges -------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", [b"gzip", b"identity"])
def test_who_has_it_is_told_so(cache, coding) -> None:
    cache.says(MINUTE, ("ETag", '"a"'), body=LONG)
    cache.get()
    found = cache.get(b"/", (b"if-none-match", b'W/"a"'), (b"accept-encoding", coding))
    assert (found.status, found.body) == ("304 Not Modified", b"")
    assert value(found, "cache-status") == "Hendrix; hit; ttl=60"


def test_a_condition_on_a_miss_does_not_cost_the_page(cache) -> None:
    """The application is asked for all, and the client gets what it wanted."""
    cache.says(MINUTE, ("ETag", '"a"'))
    found = cache.get(b"/", (b"if-none-match", b'"a"'))
    assert found.status == "304 Not Modified"
    assert b"if-none-match" not in cache.asked[0].request.fields
    assert cache.get().body == b"hello"
    assert len(cache.asked) == 1


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ((b"if-none-match", b'W/"a"'), "304 Not Modified"),
        ((b"if-none-match", b'"b"'), "200 OK"),
        ((b"if-modified-since", b"Sun, 06 Nov 1994 08:49:37 GMT"), "304 Not Modified"),
        ((b"if-modified-since", b"Sat, 05 Nov 1994 08:49:37 GMT"), "200 OK"),
    ],
)
def test_a_condition_counts_for_what_is_not_kept_too(cache, field, status) -> None:
    """RFC 9110 section 13.2.2: without a cache the application itself would have judged it."""
    cache.says(
        ("Cache-Control", "private"),
        ("ETag", '"a"'),
        ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Set-Cookie", "a=b"),
    )
    found = cache.get(b"/", field)
    assert (found.status, found.body) == (status, b"" if status[:3] == "304" else b"hello")
    assert value(found, "content-type") == ("" if status[:3] == "304" else "text/html")
    assert (value(found, "etag"), value(found, "set-cookie")) == ('"a"', "a=b")
    assert value(found, "cache-status") == "Hendrix; fwd=uri-miss; detail=private"


def test_an_application_that_says_304_of_its_own_page_is_let_pass_as_before(cache) -> None:
    cache.says(("Cache-Control", "private"), ("ETag", '"a"'))
    cache.get()
    cache.answers = ("304 Not Modified", [("ETag", '"a"')], b"")
    assert cache.get(b"/", (b"if-none-match", b'"a"')).status == "304 Not Modified"
    assert b"/" in cache.keeping.quick


def test_parts(cache) -> None:
    cache.says(MINUTE, ("ETag", '"a"'), body=LONG)
    cache.get()
    part = cache.get(b"/", (b"range", b"bytes=3-6"), (b"accept-encoding", b"gzip"))
    assert (part.status, part.body) == ("206 Partial Content", LONG[3:7])
    assert value(part, "content-range") == f"bytes 3-6/{len(LONG)}"
    assert cache.get(b"/", (b"range", b"bytes=9999-")).status == "416 Requested Range Not Satisfiable"
    several = cache.get(b"/", (b"range", b"bytes=0-1,2000-2001"))
    assert value(several, "content-type").startswith("multipart/byteranges")


# --- validation ------------------------------------------------------------------------------------------------


def test_a_stale_page_is_validated_and_its_fields_renewed(cache) -> None:
    cache.says(MINUTE, ("ETag", '"a"'), ("X-A", "1"), ("X-B", "1"))
    cache.get()
    cache.pass_time(61)
    cache.answers = ("304 Not Modified", [("ETag", '"a"'), ("Cache-Control", "max-age=120"), ("X-A", "2")], b"")
    found = cache.get(b"/", (b"if-none-match", b'"other"'))
    assert cache.asked[1].request.fields[b"if-none-match"] == b'"a"'
    assert (found.status, found.body, value(found, "x-a"), value(found, "x-b")) == ("200 OK", b"hello", "2", "1")
    assert value(found, "cache-status") == "Hendrix; fwd=stale; fwd-status=304; stored"
    cache.pass_time(100)
    assert value(cache.get(), "cache-status") in ("Hendrix; hit; ttl=20", "Hendrix; hit; ttl=19")


def test_a_stale_page_is_replaced(cache) -> None:
    cache.says(MINUTE, ("ETag", '"a"'))
    cache.get()
    cache.pass_time(61)
    cache.says(MINUTE, ("ETag", '"b"'), body=b"new")
    assert cache.get().body == b"new"
    assert cache.get().body == b"new"


def test_what_is_private_by_now_is_forgotten(cache) -> None:
    cache.says(MINUTE, ("ETag", '"a"'))
    cache.get()
    cache.pass_time(61)
    cache.says(("Cache-Control", "private"), body=b"mine")
    assert cache.get().body == b"mine"
    assert cache.store.get(b"http://test.example/") is None


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ((b"authorization", b"Basic eDp5"), ("X-A", "1")),
        ((b"cache-control", b"no-store"), ("X-A", "1")),
        ((b"accept", b"text/html"), ("Set-Cookie", "a=b")),
        ((b"cookie", b"sessionid=x"), ("Vary", "Cookie")),
    ],
)
def test_what_one_client_gets_takes_nothing_from_others(cache, field, said) -> None:
    """RFC 5861 section 4: what is kept may still be needed when the application fails."""
    lasting = ("Cache-Control", "max-age=60, stale-while-revalidate=100, stale-if-error=600")
    cache.says(lasting)
    cache.get()
    cache.pass_time(100)
    cache.says(lasting, said, body=b"mine")
    assert cache.get(b"/", field).body == b"hello"
    assert len(cache.asked) == (1 if field[0] == b"cache-control" else 2)
    cache.pass_time(100)
    cache.says(status="503 Service Unavailable", body=b"down")
    assert cache.get().body == b"hello"


def test_an_error_is_covered_by_what_is_stale(cache) -> None:
    cache.says(("Cache-Control", "max-age=60, stale-if-error=600"))
    cache.get()
    cache.pass_time(100)
    cache.says(status="503 Service Unavailable", body=b"down")
    found = cache.get()
    assert (found.status, found.body) == ("200 OK", b"hello")
    assert value(found, "cache-status") == "Hendrix; fwd=stale; fwd-status=503; detail=stale-if-error"
    cache.pass_time(600)
    assert cache.get().body == b"down"


def test_stale_while_it_is_renewed_once(cache) -> None:
    cache.says(("Cache-Control", "max-age=60, stale-while-revalidate=600"))
    cache.get()
    cache.pass_time(100)
    cache.answers = None
    stale = [cache.get() for _ in range(5)]
    assert [found.body for found in stale] == [b"hello"] * 5
    assert value(stale[0], "cache-status") == "Hendrix; hit; ttl=-40"
    assert len(cache.asked) == 2
    cache.asked[1].respond("200 OK", [MINUTE], b"new")
    assert cache.get().body == b"new"


@pytest.mark.parametrize("wants", [b"no-cache", b"max-age=0"])
def test_a_reload_is_obeyed(cache, wants) -> None:
    cache.says(MINUTE)
    cache.get()
    cache.pass_time(1)
    cache.says(MINUTE, body=b"new")
    assert cache.get(b"/", (b"cache-control", wants)).body == b"new"
    assert cache.get().body == b"new"


def test_a_reload_is_not_obeyed_where_that_is_off(make) -> None:
    cache = make(cache_obey=False)
    cache.says(MINUTE)
    cache.get()
    assert value(cache.get(b"/", (b"cache-control", b"no-cache")), "cache-status") == "Hendrix; hit; ttl=60"


def test_only_if_cached(cache) -> None:
    """RFC 9111 section 5.2.1.7."""
    cache.says(MINUTE)
    assert cache.get(b"/", (b"cache-control", b"only-if-cached")).status == "504 Gateway Timeout"
    cache.get()
    assert cache.get(b"/", (b"cache-control", b"only-if-cached")).body == b"hello"


# --- variants --------------------------------------------------------------------------------------------------


def test_variants_are_kept_side_by_side(cache) -> None:
    cache.says(MINUTE, ("Vary", "Accept-Language"), body=b"hallo")
    cache.get(b"/", (b"accept-language", b"de"))
    cache.says(MINUTE, ("Vary", "Accept-Language"))
    cache.get(b"/", (b"accept-language", b"en"))
    assert cache.get(b"/", (b"accept-language", b"de")).body == b"hallo"
    assert cache.get(b"/", (b"accept-language", b"en")).body == b"hello"
    assert value(cache.get(b"/", (b"accept-language", b"fr")), "cache-status") == "Hendrix; fwd=vary-miss; stored"


def test_anonymous_visitors_share_and_others_do_not(cache) -> None:
    cache.says(MINUTE, ("Vary", "Cookie"))
    cache.get(b"/", (b"cookie", b"_ga=1"))
    assert cache.get(b"/", (b"cookie", b"_ga=2; _gid=3")).body == b"hello"
    assert cache.get().body == b"hello"
    assert len(cache.asked) == 1
    cache.says(MINUTE, ("Vary", "Cookie"), body=b"for me")
    for _ in range(2):
        own = cache.get(b"/", (b"cookie", b"sessionid=abc"))
        assert own.body == b"for me"
        assert value(own, "cache-status") == "Hendrix; fwd=bypass; detail=visitor"
    assert cache.get().body == b"hello"


def test_the_first_visitor_s_session_makes_no_page_for_others(cache) -> None:
    cache.says(MINUTE, ("Vary", "Cookie"), body=b"for me")
    assert value(cache.get(b"/", (b"cookie", b"sessionid=abc")), "cache-status").endswith("detail=visitor")
    cache.says(MINUTE, ("Vary", "Cookie"))
    assert cache.get().body == b"hello"


# --- rules -----------------------------------------------------------------------------------------------------


def test_rules(make) -> None:
    cache = make(
        cache_rule=(
            "^/never/ bypass",
            "^/news/ ttl=30 grace=10 browser=no-cache query=key ignore=utm_*",
            "^/old/ browser=strip",
        )
    )
    cache.says(MINUTE)
    cache.get(b"/never/")
    assert value(cache.get(b"/never/"), "cache-status") == "Hendrix; fwd=bypass; detail=rule"
    cache.says()
    cache.get(b"/news/?page=2&utm_source=x")
    found = cache.get(b"/news/?page=2&utm_source=y")
    assert (value(found, "cache-status"), value(found, "cache-control")) == ("Hendrix; hit; ttl=30", "no-cache")
    cache.says(MINUTE)
    cache.get(b"/old/")
    assert value(cache.get(b"/old/"), "cache-control") == ""


@pytest.mark.parametrize("target", [b"/api/own/", b"/%61pi/own/", b"/api%2Fown/"])
def test_a_rule_holds_however_the_path_is_escaped(make, target) -> None:
    """The application gets it without escapes (PEP 3333): all of these are one page."""
    cache = make(cache_rule=("^/api/own/ bypass", "^/ ttl=60"))
    cache.says()
    assert value(cache.get(target), "cache-status") == "Hendrix; fwd=bypass; detail=rule"


@pytest.mark.parametrize("field", [(b"if-match", b'"b"'), (b"if-unmodified-since", b"Sun, 06 Nov 1994 08:49:37 GMT")])
def test_conditions_that_are_for_the_application_alone(cache, field) -> None:
    """RFC 9111 section 4.3.2: a cache must not evaluate those that are only applicable to an origin server."""
    cache.says(MINUTE, ("ETag", '"a"'), ("Last-Modified", "Mon, 07 Nov 1994 08:49:37 GMT"))
    cache.get()
    cache.answers = ("412 Precondition Failed", [], b"changed")
    found = cache.get(b"/", field)
    assert (found.status, value(found, "cache-status")) == (
        "412 Precondition Failed",
        "Hendrix; fwd=bypass; detail=condition",
    )
    assert cache.asked[1].request.fields[field[0]] == field[1]
    assert cache.get().body == b"hello"


def test_cookies_of_a_rule(make) -> None:
    cache = make(cache_rule=("^/shop/ cookies=currency",))
    cache.says(MINUTE, ("Vary", "Cookie"))
    cache.get(b"/shop/", (b"cookie", b"currency=eur; whatever=1"))
    cache.get(b"/shop/", (b"cookie", b"currency=eur; whatever=2"))
    assert len(cache.asked) == 1
    cache.get(b"/shop/", (b"cookie", b"currency=usd"))
    assert len(cache.asked) == 2


# --- changes ---------------------------------------------------------------------------------------------------


def test_a_post_makes_its_page_invalid(cache) -> None:
    cache.says(MINUTE)
    cache.get()
    cache.get(b"/other")
    cache.says(status="302 Found")
    cache.get(method="POST")
    cache.says(MINUTE, body=b"new")
    assert cache.get().body == b"new"
    assert cache.get(b"/other").body == b"hello"


def test_a_post_that_failed_makes_nothing_invalid(cache) -> None:
    cache.says(MINUTE)
    cache.get()
    cache.says(status="400 Bad Request")
    cache.get(method="POST")
    assert cache.get().body == b"hello"


def test_large_bodies_are_not_kept(make) -> None:
    cache = make(cache_largest=1000)
    cache.says(MINUTE, body=b"x" * 2000)
    found = cache.get()
    assert len(found.body) == 2000
    assert value(found, "cache-status").endswith("detail=too-large")


# --- streams ---------------------------------------------------------------------------------------------------


def stream(cache, *pieces: bytes, length: int = -1):
    cache.answers = None
    found = cache.get()
    exchange = cache.asked[-1]
    stated = [("Content-Length", str(length))] if length >= 0 else []
    exchange.start("200 OK", [MINUTE, *stated])
    for piece in pieces:
        exchange.write(piece)
    return found, exchange


def test_a_stream_is_kept_when_it_is_over(cache) -> None:
    found, exchange = stream(cache, b"one ", b"two")
    assert found.body == b"one two"
    exchange.finish()
    assert cache.get().body == b"one two"
    assert len(cache.asked) == 1


def sent_file(cache, path):
    """What a client gets of a file that the application sends."""
    before = len(cache.asked)
    found = cache.get()
    if len(cache.asked) > before:
        with path.open("rb") as file:
            cache.asked[-1].start("200 OK", [MINUTE])
            cache.asked[-1].send_file(file, 0, path.stat().st_size)
            cache.asked[-1].finish()
    return found


def test_a_small_file_is_kept(cache, tmp_path) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"x" * 1000)
    first, second = sent_file(cache, path), sent_file(cache, path)
    assert first.body == second.body == b"x" * 1000
    assert value(second, "cache-status") == "Hendrix; hit; ttl=60"


def test_a_large_file_is_not_and_that_is_said_the_next_time(cache, tmp_path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 300_000)
    sent_file(cache, path)
    found = sent_file(cache, path)
    assert (len(found.body), value(found, "cache-status")) == (300_000, "Hendrix; fwd=uri-miss; detail=file")
    assert cache.keeping.held == 0


def test_many_streams_at_once_are_not_held_in_memory_either(make) -> None:
    cache = make(cache_size=1 << 20, cache_largest=100_000)
    found = [cache.get(b"/%d" % number) for number in range(20)]
    for exchange in cache.asked:
        exchange.start("200 OK", [MINUTE])
        exchange.write(b"x" * 50_000)
    assert sum(len(part) for exchange in cache.asked for part in exchange._parts) <= (1 << 20) // 4
    for number, exchange in enumerate(cache.asked):
        if number == 0:
            exchange.abort()
        elif number == 1:
            found[1].gone = True
            exchange._left()
        else:
            exchange.finish()
    assert [len(one.body) for one in found] == [50_000] * 20
    assert cache.keeping.held == 0
    assert cache.keeping.tally.reasons["no-room"] == 15
    assert value(cache.get(b"/2"), "cache-status") == "Hendrix; hit; ttl=60"


def test_a_stream_that_nobody_ends_gives_its_room_back(cache) -> None:
    found, exchange = stream(cache, b"one ")
    assert cache.keeping.held == 4
    cache.asked.clear()
    cache.keeping.flights.clear()
    del exchange, found
    gc.collect()
    assert cache.keeping.held == 0


def test_the_first_who_gets_a_stream_learns_what_later_ones_do(make) -> None:
    cache = make(cache_browser="no-cache")
    first = cache.get()
    cache.asked[0].start("200 OK", [MINUTE, ("Cache-Tag", "news"), ("Surrogate-Key", "news")])
    cache.asked[0].finish()
    for found in (first, cache.get()):
        assert (value(found, "cache-control"), value(found, "cache-tag"), value(found, "surrogate-key")) == (
            "no-cache",
            "",
            "",
        )
    assert next(cache.store.listing(1)).labels[-1] == b"t:news"


def test_a_stream_that_breaks_off_is_not(cache) -> None:
    _, exchange = stream(cache, b"one ")
    exchange.abort()
    stream(cache, b"other")
    assert len(cache.asked) == 2


def test_nor_is_one_that_is_shorter_than_it_said(cache) -> None:
    _, exchange = stream(cache, b"one ", length=10)
    exchange.finish()
    stream(cache, b"other")
    assert len(cache.asked) == 2


def test_a_stream_without_end_is_not_held_in_memory(make) -> None:
    cache = make(cache_largest=1000)
    found, exchange = stream(cache, *[b"x" * 100] * 50)
    assert exchange._parts == []
    assert len(found.body) == 5000


def test_a_304_makes_it_young_again_whatever_date_it_had(cache, monkeypatch) -> None:
    """Django says no Date: what is kept has ours, of the time when it was made."""
    from hendrix.answer.caching import keeping

    wall = [1_700_000_000.0]
    monkeypatch.setattr(keeping.time, "time", lambda: wall[0])
    cache.says(MINUTE, ("ETag", '"a"'))
    cache.get()
    for _ in range(3):
        wall[0] += 100
        cache.pass_time(100)
        cache.answers = ("304 Not Modified", [("ETag", '"a"'), MINUTE], b"")
        cache.get()
        assert value(cache.get(), "cache-status") == "Hendrix; hit; ttl=60"


def test_who_wants_a_part_has_the_whole_validated(cache) -> None:
    """A page of which nobody but players wants parts would never be fresh again."""
    part = (b"range", b"bytes=1-2")
    cache.says(MINUTE, ("ETag", '"a"'))
    cache.get(b"/", part)
    assert cache.asked[0].request.fields[b"range"] == b"bytes=1-2"
    cache.pass_time(61)
    cache.says(MINUTE, ("ETag", '"a"'), status="304 Not Modified", body=b"")
    for _ in range(2):
        found = cache.get(b"/", part)
        assert (found.status, found.body) == ("206 Partial Content", b"el")
    assert cache.asked[1].request.fields[b"if-none-match"] == b'"a"'
    assert len(cache.asked) == 2


def test_a_304_of_another_state_renews_nothing(cache) -> None:
    """RFC 9111 section 4.3.4: an application that goes by the date alone has meanwhile another page of that date."""
    cache.says(MINUTE, ("ETag", '"a"'), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"))
    cache.get()
    cache.pass_time(61)
    cache.answers = None
    waiting = [cache.get() for _ in range(2)]
    cache.says(MINUTE, ("ETag", '"b"'), body=b"new")
    cache.asked[1].respond("304 Not Modified", [MINUTE, ("ETag", '"b"')], b"")
    assert b"if-none-match" not in cache.asked[2].request.fields
    assert b"if-modified-since" not in cache.asked[2].request.fields
    assert [(found.status, found.body) for found in waiting] == [("200 OK", b"new")] * 2
    assert cache.get().body == b"new"
    assert len(cache.asked) == 3


def test_a_304_that_varies_on_more_is_not_for_all_any_more(cache) -> None:
    english, german = (b"accept-language", b"en"), (b"accept-language", b"de")
    cache.says(MINUTE, ("ETag", '"a"'))
    cache.get(b"/", english)
    cache.pass_time(61)
    cache.says(MINUTE, ("ETag", '"a"'), ("Vary", "Accept-Language"), status="304 Not Modified")
    assert cache.get(b"/", english).body == b"hello"
    cache.says(MINUTE, ("ETag", '"b"'), ("Vary", "Accept-Language"), body=b"hallo")
    assert cache.get(b"/", german).body == b"hallo"
    assert cache.get(b"/", english).body == b"hello"
    assert len(cache.asked) == 3


def test_a_cookie_beside_a_304_is_for_its_client_alone(cache) -> None:
    cache.says(MINUTE, ("ETag", '"a"'))
    cache.get()
    cache.pass_time(61)
    cache.answers = ("304 Not Modified", [("ETag", '"a"'), MINUTE, ("Set-Cookie", "x=1")], b"")
    own = cache.get()
    assert (own.status, own.body, value(own, "set-cookie")) == ("200 OK", b"hello", "x=1")
    cache.answers = ("304 Not Modified", [("ETag", '"a"'), MINUTE], b"")
    other = cache.get()
    assert (other.body, value(other, "set-cookie")) == (b"hello", "")


@pytest.mark.parametrize("more", [(), (("Set-Cookie", "x=1"),)])
def test_a_304_may_say_that_it_is_private_by_now(cache, more) -> None:
    cache.says(MINUTE, ("ETag", '"a"'))
    cache.get()
    cache.pass_time(61)
    cache.says(("Cache-Control", "private"), ("ETag", '"a"'), *more, status="304 Not Modified", body=b"")
    found = cache.get()
    reason = "set-cookie" if more else "private"
    assert (found.body, value(found, "cache-control")) == (b"hello", "private")
    assert value(found, "cache-status") == f"Hendrix; fwd=stale; fwd-status=304; detail={reason}"
    assert cache.store.get(b"http://test.example/") is None


def test_long_targets_leave_nothing_behind(cache) -> None:
    cache.says()
    cache.get(b"/" + b"x" * 5000)
    assert len(cache.keeping.quick) == 0
    assert cache.keeping._marks == {}
    assert len(cache.keeping.tally.recent[-1][0]) == 200


def test_what_is_let_pass_is_what_was_said(cache) -> None:
    """However often the same was said before."""
    headers = [("Content-Type", "text/html"), ("X-Frame-Options", "DENY")]
    cookie, other = ("Set-Cookie", "a=1"), ("Set-Cookie", "a=2")
    said = [[*headers], [*headers], [*headers], [*headers, cookie], [*headers, cookie], [*headers, other], headers]
    for each in said:
        cache.answers = ("200 OK", each, b"hello")
        before = list(each)
        exchange = cache.get()
        assert [pair for pair in exchange.headers if pair[0] != "Cache-Status"] == before
        assert "uri-miss" in value(exchange, "cache-status")
        each.append(("X-After", "the application goes on with its list"))
    cache.answers = ("404 Not Found", [("Content-Type", "text/html")], b"gone")
    assert (cache.get().status, cache.get().status) == ("404 Not Found", "404 Not Found")
    cache.says(("Cache-Control", "max-age=60"))
    cache.get()  # which shows that it has become another page
    cache.get()
    assert "hit" in value(cache.get(), "cache-status")


@pytest.mark.parametrize("headers", [[("Cache-Control", 5)], [("Cache-Control", b"x")], [("a",)], None])
def test_what_is_no_answer_lets_go_of_those_who_wait(cache, headers) -> None:
    """Whoever sends it refuses it; here nobody checks, so it is only to reach the client's side."""
    first, second = cache.get(), cache.get()
    with pytest.raises((TypeError, ValueError)):
        cache.asked[0].respond("200 OK", headers, b"")
        raise TypeError
    assert len(cache.asked) == 2
    cache.asked[1].respond("200 OK", [MINUTE], b"hello")
    assert second.body == b"hello"
    del first


def test_forms_that_are_ready_do_not_pile_up(make) -> None:
    """They are not the store's, and not counted by it."""
    cache = make(cache_size=1 << 20)
    cache.says(MINUTE, body=b"x" * 100)
    for number in range(500):
        cache.get(b"/%d" % number)
    serving = cache.keeping.serving
    assert serving._size <= (1 << 20) // 8
    assert sum(len(made.shown) for made, *_ in serving._ready) == len(serving._ready) < 50
    assert value(cache.get(b"/499"), "cache-status") == "Hendrix; hit; ttl=60"
    assert value(cache.get(b"/300"), "cache-status") == "Hendrix; hit; ttl=60"


def test_a_coded_page_that_forgets_to_say_so_is_not_given_to_who_cannot_read_it(cache) -> None:
    cache.says(MINUTE, ("Content-Encoding", "gzip"), body=b"zipped")
    cache.get(b"/", (b"accept-encoding", b"gzip"))
    cache.says(MINUTE, body=b"plain")
    assert cache.get().body == b"plain"
    assert len(cache.asked) == 2
