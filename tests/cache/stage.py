"""Answers and requests for the tests of the policy; times are arguments."""

from __future__ import annotations

from hendrix.cache.answer import read_head
from hendrix.cache.cookies import Cookies
from hendrix.cache.directives import parse_cache_control
from hendrix.cache.entry import Entry
from hendrix.cache.rules import Rule
from hendrix.cache.storing import Asked, Terms, terms

#: Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 section 5.6.7).
NOW = 784111777.0


def judged(
    *headers: tuple[str, str],
    status: str = "200 OK",
    asks: dict[bytes, bytes] | None = None,
    wants: str = "",
    rule: Rule | None = None,
    cookies: Cookies | None = None,
    delay: float = 0.0,
    now: float = NOW,
) -> Terms | str:
    asked = Asked(asks or {}, parse_cache_control(wants), cookies or Cookies(), rule or Rule())
    return terms(asked, read_head(status, list(headers)), now, delay)


def kept(value: str, *headers: tuple[str, str], **more) -> Terms:
    found = judged(("Cache-Control", value), *headers, **more)
    assert isinstance(found, Terms), found
    return found


def refused(value: str, *headers: tuple[str, str], **more) -> str:
    found = judged(("Cache-Control", value), *headers, **more)
    assert isinstance(found, str), found
    return found


def entry(lifetime: float = 60.0, **more) -> Entry:
    given = {
        "key": b"http://example.org/",
        "url": b"http://example.org/",
        "status": "200 OK",
        "headers": [("Content-Type", "text/plain")],
        "bodies": {"identity": b"hello"},
        "born": 1000.0,
        "lifetime": lifetime,
        "place": b"example.org/",
        "labels": (b"u:/", b"u:example.org/"),
    }
    return Entry(**{**given, **more})
