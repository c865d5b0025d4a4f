"""A 304 from the application renews what is kept (RFC 9111 sections 3.2 and 4.3)."""

from __future__ import annotations

from hendrix.cache.entry import Entry
from hendrix.core.http import HOP_BY_HOP, ResponseHeaders

#: Section 3.1: fields of the connection, and those that are ours to say.
UNSTORED = HOP_BY_HOP | frozenset(("age", "content-length", "set-cookie"))
#: Section 3.2: what tells how the kept content is to be read is not replaced by what goes with no content. Nor is its
#: tag, which the 304 confirms (``confirms``). To what it varies on the 304 may add, as others have been given less.
_KEPT = frozenset(("content-encoding", "content-md5", "content-range", "content-length", "etag", "vary"))


def storable(headers: ResponseHeaders) -> ResponseHeaders:
    """Section 3.1. Connection itself cannot be among them: whoever sends the answer would refuse it."""
    return [(name, value) for name, value in headers if name.lower() not in UNSTORED]


def updated(kept: ResponseHeaders, told: ResponseHeaders) -> ResponseHeaders:
    """Section 3.2: ``kept`` with the fields of a 304 in place of those of the same name."""
    new = [(name, value) for name, value in told if name.lower() not in UNSTORED | _KEPT]
    names = {name.lower() for name, _ in new}
    more = _varied(told) - _varied(kept)
    return [
        *(pair for pair in kept if pair[0].lower() not in names),
        *new,
        *([("Vary", ", ".join(sorted(more)))] if more else []),
    ]


def _varied(headers: ResponseHeaders) -> set[str]:
    said = ",".join(value for name, value in headers if name.lower() == "vary")
    return {name.strip().lower() for name in said.split(",") if name.strip()}


def confirms(entry: Entry, told: ResponseHeaders) -> bool:
    """Section 4.3.4: does the 304 mean ``entry``? One that has another tag must not renew it.

    Where the tag alone was asked about it can mean nothing else, whatever it says. But an application that went by
    the date may have another page of that date by now.
    """
    asked = {_opaque(value) for name, value in entry.headers if name.lower() == "etag"}
    tags = {_opaque(value) for name, value in told if name.lower() == "etag"}
    dated = any(name.lower() == "last-modified" for name, _ in entry.headers)
    return not (asked and tags and dated) or not asked.isdisjoint(tags)


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/")


def conditions(entry: Entry) -> dict[bytes, bytes]:
    """Section 4.3.1: the fields by which the application is asked whether it is still so."""
    asked: dict[bytes, bytes] = {}
    for name, value in entry.headers:
        lower = name.lower()
        if lower == "etag":
            asked[b"if-none-match"] = value.encode("latin-1")
        elif lower == "last-modified":
            asked[b"if-modified-since"] = value.encode("latin-1")
    return asked
