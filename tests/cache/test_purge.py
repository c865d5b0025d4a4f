"""What a purge means: URLs with and without host and query, tags, prefixes, everything."""

from __future__ import annotations

import pytest

from hendrix.cache.purges import labels_of, purge_all, purge_prefix, purge_tag, purge_url

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
