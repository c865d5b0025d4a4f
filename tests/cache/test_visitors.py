"""Pages that Django makes for one visitor are not shared with others; those for nobody in particular are."""

from __future__ import annotations

import pytest

from tests.cache.stage import kept, refused

VARIED = ("Vary", "Cookie")


def test_an_anonymous_visitor_s_page_is_kept() -> None:
    assert kept("max-age=60", VARIED).names == (b"cookie",)
    assert kept("max-age=60", VARIED, asks={b"cookie": b"_ga=1"}).names == (b"cookie",)


@pytest.mark.parametrize("cookie", [b"sessionid=abc", b"csrftoken=abc", b"_ga=1; sessionid=abc"])
def test_a_page_for_somebody_known_is_not(cookie) -> None:
    assert refused("max-age=60", VARIED, asks={b"cookie": cookie}) == "visitor"


def test_a_page_that_looked_at_no_cookie_is_for_all() -> None:
    assert kept("max-age=60", asks={b"cookie": b"sessionid=abc"}).names == ()
