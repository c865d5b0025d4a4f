"""What is one page: the target URI, spelled in one way, and how its query counts (RFC 9110 section 4.2.3)."""

from __future__ import annotations

import pytest

from hendrix.cache.key import normal_path, primary_key, query_of


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (b"", b""),
        (b"a=1", None),
        (b"cache=true", b""),
        (b"a=1&cache=true", b"a=1"),
        (b"cache=true&a=1&b=2", b"a=1&b=2"),
        # The README's spelling; to the application the value is another one, so it is another page.
        (b"somevar=test,cache=true", b"somevar=test,cache=true"),
        (b"a=1&cache=false", None),
        (b"a=1&cache=TRUE", None),
        (b"a=1&xcache=true", None),
        (b"a=cache=true", None),
    ],
)
def test_a_query_busts_unless_it_opts_in(query, kept) -> None:
    assert query_of(query, "bust", ()) == kept


@pytest.mark.parametrize(
    ("query", "kept"),
    [(b"a=1", b"a=1"), (b"a=1&cache=true", b"a=1&cache=true"), (b"b=2&a=1", b"b=2&a=1"), (b"a=1&&b", b"a=1&b")],
)
def test_a_query_as_part_of_the_key(query, kept) -> None:
    assert query_of(query, "key", ()) == kept


def test_ignored_parameters() -> None:
    ignored = ("utm_*", "fbclid")
    assert query_of(b"utm_source=x&fbclid=1", "bust", ignored) == b""
    assert query_of(b"utm_source=x&page=2", "bust", ignored) is None
    assert query_of(b"utm_source=x&page=2&fbclid", "key", ignored) == b"page=2"


def test_a_query_of_any_length() -> None:
    assert query_of(b"x" * 5000, "key", ()) is None


@pytest.mark.parametrize(
    ("path", "normal"),
    [(b"/a", b"/a"), (b"/%7Euser", b"/~user"), (b"/%c3%a9", b"/%C3%A9"), (b"/a%2fb", b"/a%2Fb"), (b"/%zz", b"/%zz")],
)
def test_escapes(path, normal) -> None:
    assert normal_path(path) == normal


def test_schemes_hosts_and_queries_are_apart() -> None:
    keys = {
        primary_key(scheme, host, b"/", query, {}, False)
        for scheme in ("http", "https")
        for host in (b"a", b"b")
        for query in (b"", b"x=1")
    }
    assert len(keys) == 8


@pytest.mark.parametrize("name", [b"x-forwarded-host", b"x-forwarded-protocol", b"front-end-https", b"x-scheme"])
def test_what_a_proxy_told_is_part_of_it(name) -> None:
    """A page may name the host, and the scheme by what SECURE_PROXY_SSL_HEADER is set to, that a proxy gave."""
    one = primary_key("http", b"a", b"/", b"", {name: b"one"}, True)
    assert one != primary_key("http", b"a", b"/", b"", {name: b"other"}, True)
