"""RFC 9111 section 4.1: variants, and what counts as the same."""

from __future__ import annotations

import pytest

from hendrix.cache.cookies import Cookies
from hendrix.cache.vary import names_of, values_of, variant_key


def key(names: str, fields: dict[bytes, bytes], cookies: Cookies | None = None) -> bytes:
    found = names_of(names)
    assert found is not None
    return variant_key(b"k", values_of(found, fields, cookies or Cookies()))


def test_the_same_value_is_the_same_variant() -> None:
    assert key("Accept-Language", {b"accept-language": b"de"}) == key("accept-language", {b"accept-language": b"de"})
    assert key("Accept-Language", {b"accept-language": b"de"}) != key("accept-language", {b"accept-language": b"en"})


def test_absent_only_matches_absent() -> None:
    """If a header field is absent from a request, it can only match another request if it is also absent there."""
    assert key("foo", {}) == key("foo", {})
    assert key("foo", {}) != key("foo", {b"foo": b""})
    assert key("accept-encoding", {}) != key("accept-encoding", {b"accept-encoding": b""})


def test_white_space_and_the_order_of_names_do_not_matter() -> None:
    assert key("a, b", {b"a": b"1 , 2", b"b": b"3"}) == key("B,A", {b"a": b"1,2", b"b": b"3"})


def test_values_cannot_be_mixed_up() -> None:
    assert key("a, b", {b"a": b"1", b"b": b"2"}) != key("a, b", {b"a": b"1,b:2"})


def test_star() -> None:
    assert names_of("*") is None
    assert names_of("a, *") is None


def test_too_many_names_are_as_good_as_star() -> None:
    assert names_of(",".join(f"x{number}" for number in range(100))) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"gzip, br", b"br;q=0.5,gzip"),
        (b"gzip, deflate, br, zstd", b"zstd, br, deflate, gzip;q=0.1"),
        (b"gzip", b"gzip, sdch"),
        (b"x-gzip", b"gzip"),
        (b"gzip;q=0", b"identity"),
    ],
)
def test_accept_encoding_is_compared_by_its_meaning(one, other) -> None:
    assert key("accept-encoding", {b"accept-encoding": one}) == key("accept-encoding", {b"accept-encoding": other})


def test_different_codings_are_different() -> None:
    assert key("accept-encoding", {b"accept-encoding": b"br"}) != key("accept-encoding", {b"accept-encoding": b"gzip"})


# --- cookies: Django's habit of ``Vary: Cookie`` ----------------------------------------------------------------


@pytest.mark.parametrize("cookie", [b"_ga=GA1.2.3", b"_ga=1; _ga_ABC=2; _gid=3", b"_fbp=x; __utmz=y", b"", b" ; "])
def test_who_is_known_to_nobody_shares_a_page(cookie) -> None:
    assert key("cookie", {b"cookie": cookie}) == key("cookie", {})


def test_a_cookie_that_may_matter_keeps_apart() -> None:
    assert key("cookie", {b"cookie": b"theme=dark"}) != key("cookie", {})
    assert key("cookie", {b"cookie": b"_ga=1; theme=dark"}) == key("cookie", {b"cookie": b"theme=dark; _ga=2"})


def test_the_order_of_cookies_does_not_matter() -> None:
    assert key("cookie", {b"cookie": b"a=1; b=2"}) == key("cookie", {b"cookie": b"b=2; a=1"})


def test_an_allow_list() -> None:
    cookies = Cookies(matter=("theme", "ab_*"))
    one = {b"cookie": b"theme=dark; whatever=1; ab_x=2"}
    assert key("cookie", one, cookies) == key("cookie", {b"cookie": b"theme=dark; ab_x=2; other=3"}, cookies)
    assert key("cookie", one, cookies) != key("cookie", {b"cookie": b"theme=light; ab_x=2"}, cookies)


def test_sessions_matter_whatever_is_listed() -> None:
    cookies = Cookies(matter=("theme",), ignored=("sessionid",))
    assert key("cookie", {b"cookie": b"sessionid=1"}, cookies) != key("cookie", {b"cookie": b"sessionid=2"}, cookies)


def test_who_is_known() -> None:
    cookies = Cookies(visitors=("sid", "tok"))
    assert cookies.known_visitor(b"a=1; sid=x")
    assert cookies.known_visitor(b"tok=")
    assert not cookies.known_visitor(b"asid=1; x=sid")
    assert not cookies.known_visitor(None)


def test_messages_pass() -> None:
    assert Cookies().passes(b'a=1; messages="x"')
    assert not Cookies().passes(b"sessionid=1")


def test_of_two_cookies_with_one_name_the_order_counts() -> None:
    """Browsers send one for each path and domain, and applications take one of them."""
    assert key("cookie", {b"cookie": b"a=1; a=2"}) != key("cookie", {b"cookie": b"a=2; a=1"})
    assert key("cookie", {b"cookie": b"a=1; b=2"}) == key("cookie", {b"cookie": b"b=2;a=1"})


@pytest.mark.parametrize("space", ["\xa0", "\u2003", "\x85", "\t"])
def test_a_name_is_read_as_django_reads_it(space) -> None:
    """It strips all white space that Unicode knows from the names of cookies."""
    cookies = Cookies(matter=("theme",))
    assert cookies.known_visitor(f"theme=dark; {space}sessionid{space}=1".encode())
    assert cookies.that_matter(f"{space}theme=dark".encode()) != b""


@pytest.mark.parametrize("space", [b"\xa0", b"\x85"])
def test_and_as_an_asgi_application_reads_it(space) -> None:
    """Django's ASGIRequest decodes fields in latin-1."""
    cookies = Cookies(matter=("theme",))
    assert cookies.known_visitor(b"theme=dark; " + space + b"sessionid=1")
    assert cookies.that_matter(space + b"theme=dark") != b""
    assert cookies.language_of(space + b"django_language=de") != b""
    assert cookies.passes(space + b"messages=x")


def test_a_language_that_was_chosen_is_another_variant() -> None:
    """Django's LocaleMiddleware looks at its cookie first, and says Vary: Accept-Language alone."""
    asked = {b"accept-language": b"en"}
    german = key("accept-language", {**asked, b"cookie": b"django_language=de"})
    assert german != key("accept-language", asked)
    assert german != key("accept-language", {**asked, b"cookie": b"django_language=fr"})
    assert german == key("accept-language", {**asked, b"cookie": b"_ga=1; django_language=de"})
    assert key("accept-language", {**asked, b"cookie": b"theme=dark"}) == key("accept-language", asked)
    named = Cookies(language="lang")
    assert key("accept-language", {**asked, b"cookie": b"lang=de"}, named) != key("accept-language", asked, named)
