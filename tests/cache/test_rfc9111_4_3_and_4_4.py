"""RFC 9111 sections 3.2, 4.3 and 4.4: a 304 renews, an unsafe request makes invalid."""

from __future__ import annotations

import pytest

from hendrix.cache.invalidation import invalidated
from hendrix.cache.purges import labels_of
from hendrix.cache.update import conditions, confirms, storable, updated
from tests.cache.stage import entry


def test_fields_of_a_304_replace_those_of_the_same_name() -> None:
    """Section 3.2."""
    kept = [("Cache-Control", "max-age=1"), ("X-A", "1"), ("x-a", "2"), ("X-C", "5")]
    told = [("CACHE-CONTROL", "max-age=60"), ("X-A", "3"), ("X-B", "4")]
    assert updated(kept, told) == [("X-C", "5"), *told]


@pytest.mark.parametrize("name", ["Content-Length", "Content-Encoding", "Content-MD5", "Content-Range", "ETag"])
def test_what_describes_the_content_stays(name) -> None:
    assert updated([(name, "a")], [(name, "b")]) == [(name, "a")]


def test_a_304_may_add_to_what_it_varies_on_and_takes_nothing_away() -> None:
    """Section 4.1: who was given it without that would be given it again."""
    kept = [("Vary", "Accept"), ("X", "y")]
    assert updated(kept, [("Vary", "accept")]) == kept
    assert updated(kept, []) == kept
    assert updated(kept, [("Vary", "Cookie, Accept")]) == [*kept, ("Vary", "cookie")]


@pytest.mark.parametrize(
    ("told", "means"),
    [
        ([("ETag", '"a"')], True),
        ([("ETag", 'W/"a"')], True),
        ([], True),
        ([("ETag", '"b"')], False),
        ([("etag", '"b"'), ("ETag", '"a"')], True),
    ],
)
def test_which_entry_a_304_means(told, means) -> None:
    """Section 4.3.4."""
    date = ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
    assert confirms(entry(headers=[("ETag", '"a"'), date]), told) is means
    assert confirms(entry(headers=[("ETag", '"a"')]), told)
    assert confirms(entry(headers=[date]), told)
    assert confirms(entry(), told)


def test_what_is_not_stored() -> None:
    """Section 3.1; Set-Cookie is shared with nobody, and Age is ours to say."""
    head = [("Age", "1"), ("Content-Length", "5"), ("Set-Cookie", "a=b"), ("X", "y"), ("Proxy-Authenticate", "z")]
    assert storable(head) == [("X", "y")]


def test_conditions() -> None:
    """Section 4.3.1."""
    head = [("ETag", 'W/"a"'), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")]
    assert conditions(entry(headers=head)) == {
        b"if-none-match": b'W/"a"',
        b"if-modified-since": b"Sun, 06 Nov 1994 08:49:37 GMT",
    }
    assert conditions(entry()) == {}


def meant(purges, path: bytes, query: bytes = b"", host: bytes = b"example.org") -> bool:
    place = host + path + (b"?" + query if query else b"")
    return any(purge.touches(labels_of(host, path, query, []), place) for purge in purges)


def test_an_unsafe_request_makes_its_target_invalid() -> None:
    purges = invalidated("https", b"example.org", b"/a", "200", {})
    assert meant(purges, b"/a")
    assert meant(purges, b"/a", b"x=1")
    assert not meant(purges, b"/b")
    assert not meant(purges, b"/a", host=b"example.com")


def test_so_are_the_places_that_it_names() -> None:
    told = {"location": "/b?x=1", "content-location": "https://example.org/c"}
    purges = invalidated("https", b"example.org", b"/a", "303", told)
    assert meant(purges, b"/b", b"x=1")
    assert meant(purges, b"/c")


@pytest.mark.parametrize(
    "place", ["https://other.org/b", "http://example.org/b", "//other.org/b", "http://[", "mailto:a@b"]
)
def test_places_elsewhere_are_not(place) -> None:
    purges = invalidated("https", b"example.org", b"/a", "201", {"location": place})
    assert not meant(purges, b"/b", host=b"other.org")
    assert not meant(purges, b"/b")


@pytest.mark.parametrize("code", ["400", "404", "500"])
def test_an_error_makes_nothing_invalid(code) -> None:
    assert invalidated("https", b"example.org", b"/a", code, {"location": "/b"}) == []
