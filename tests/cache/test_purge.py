"""What a purge means: URLs with and without host and query, tags, prefixes, everything."""

from __future__ import annotations

import pytest

from hendrix.cache.purges import labels_of, place_of, purge_all, purge_prefix, purge_tag, purge_url

HOST, PATH = b"example.org", b"/news/"
PLACE = HOST + PATH + b"?page=2"
LABELS = labels_of(HOST, PATH, b"page=2", [b"news", b"front"])


@pytest.mark.parametrize(
    "url",
    [
        b"/news/",
        b"/news/?page=2",
        b"example.org/news/",
        b"http://example.org/news/",
        b"https://EXAMPLE.org/news/?page=2",
        b"https://example.org/news/?page=2#top",
    ],
)
def test_a_url_with_or_without_host_and_query(url) -> None:
    assert purge_url(url).touches(LABELS, PLACE)


@pytest.mark.parametrize(
    ("path", "purged"),
    [
        (b"/caf%C3%A9/", b"/caf%c3%a9/"),
        (b"/caf%c3%a9/", "/café/".encode()),
        (b"/a%28b%29/", b"/a(b)/"),
        (b"/%61/", b"/a/"),
        (b"/a%2Fb/", b"/a/b/"),
    ],
)
def test_a_path_is_meant_however_it_is_escaped(path, purged) -> None:
    """PEP 3333: applications get PATH_INFO without escapes, so all of these are one page to Django."""
    labels, place = labels_of(HOST, path, b"", []), place_of(HOST, path, b"")
    assert purge_url(purged).touches(labels, place)
    assert purge_prefix(purged).touches(labels, place)


@pytest.mark.parametrize("path", [b"/a%3Fb", b"/a%23b", b"/a%25b"])
def test_an_escape_that_means_something_else_stays(path) -> None:
    assert not purge_url(b"/a").touches(labels_of(HOST, path, b"", []), HOST + path)
    assert purge_url(path).touches(labels_of(HOST, path, b"", []), HOST + path)


def test_the_word_that_has_a_query_cached_makes_no_other_page() -> None:
    assert purge_url(b"/news/?page=2&cache=true").touches(LABELS, PLACE)
    assert purge_url(b"/news/?page=2").touches(labels_of(HOST, PATH, b"cache=true&page=2", []), PLACE)


@pytest.mark.parametrize(
    "url", [b"/news", b"/news/?page=3", b"/", b"https://example.com/news/", b"https://example.org/news/?page=2&x=1"]
)
def test_other_urls_are_left_alone(url) -> None:
    assert not purge_url(url).touches(LABELS, PLACE)


def test_a_page_without_query_is_not_meant_by_one_with() -> None:
    assert not purge_url(b"/news/?page=2").touches(labels_of(HOST, PATH, b"", []), HOST + PATH)


def test_a_tag_is_compared_as_a_whole() -> None:
    assert purge_tag(b"news").touches(LABELS, PLACE)
    assert not purge_tag(b"new").touches(LABELS, PLACE)


def test_a_tag_is_no_url() -> None:
    assert not purge_tag(b"/news/").touches(LABELS, PLACE)


@pytest.mark.parametrize("prefix", [b"/", b"/ne", b"/news/?page", b"example.org/ne", b"https://example.org/"])
def test_a_prefix_of_the_path_or_of_the_url(prefix) -> None:
    assert purge_prefix(prefix).touches(LABELS, PLACE)


@pytest.mark.parametrize("prefix", [b"/ews", b"/page", b"xample.org/", b"http://example.com/"])
def test_what_begins_otherwise_is_left_alone(prefix) -> None:
    assert not purge_prefix(prefix).touches(LABELS, PLACE)


def test_everything() -> None:
    assert purge_all().touches((), b"x/")


@pytest.mark.parametrize("url", [b"", b"news", b"/a b", b"/a\nb", b"/" + b"x" * 9000])
def test_what_is_no_url_is_refused(url) -> None:
    with pytest.raises(ValueError, match="is no path or URL"):
        purge_url(url)


@pytest.mark.parametrize("tag", [b"", b"a b", b"a,b", b"x" * 9000])
def test_what_is_no_tag_is_refused(tag) -> None:
    with pytest.raises(ValueError, match="is no tag"):
        purge_tag(tag)


def test_a_host_alone_is_its_front_page() -> None:
    assert purge_url(b"https://example.org").touches(labels_of(HOST, b"/", b"", []), b"example.org/")
