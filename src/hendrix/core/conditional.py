"""Conditional requests (RFC 9110 section 13): shall the method be performed at all?

Everything here is decided from fields and validators; the caller knows the representation, and that without the
conditions the answer would be a 2xx (section 13.2.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hendrix.core.dates import parse_http_date
from hendrix.core.http import ResponseHeaders

Fields = Mapping[bytes, bytes]

#: What ``judge`` answers: go on, or the status to answer with instead.
PERFORM, NOT_MODIFIED, PRECONDITION_FAILED = 0, 304, 412

#: The fields that make a request conditional. Where none is there, nothing here needs to be asked.
CONDITIONS = frozenset((b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"))

#: RFC 9110 section 8.8.3, one element of a list of entity tags (section 5.6.1), or nothing between two commas.
_TAG = re.compile(rb'[ \t,]*+((?:W/)?+"[\x21\x23-\x7e\x80-\xff]*+")[ \t]*+(?:,|\Z)')
_READS = ("GET", "HEAD")
#: RFC 9110 section 13.2.1: methods that select and modify nothing.
_UNCONDITIONAL = ("CONNECT", "OPTIONS", "TRACE")


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of a representation from another.

    ``etag`` is the value of its ETag field, quotes and ``W/`` included (empty: it has none); ``modified`` its
    Last-Modified in seconds since the epoch (-1: not known). ``exists`` is False where there is no current
    representation, which is what ``*`` asks about.
    """

    etag: bytes = b""
    modified: int = -1
    exists: bool = True


def validators_of(headers: ResponseHeaders, now: float) -> Validators:
    """Those that an answer states; ``now`` as in ``judge``."""
    etag, modified = b"", -1
    for name, value in headers:
        lower = name.lower()
        if lower == "etag":
            etag = value.encode("latin-1", "replace")
        elif lower == "last-modified":
            found = parse_http_date(value.strip().encode("latin-1", "replace"), now)
            modified = -1 if found is None else found
    return Validators(etag, modified)


def judge(method: str, fields: Fields, has: Validators, now: float) -> int:
    """``PERFORM``, ``NOT_MODIFIED`` or ``PRECONDITION_FAILED``, in the order of RFC 9110 section 13.2.2.

    ``fields`` are the request's, by lower-case name; ``now`` is in seconds since the epoch.
    """
    if method in _UNCONDITIONAL or CONDITIONS.isdisjoint(fields):
        return PERFORM
    if b"if-match" in fields:
        if not _matches(fields[b"if-match"], has, strongly=True):
            return PRECONDITION_FAILED
    elif b"if-unmodified-since" in fields and _modified_since(fields[b"if-unmodified-since"], has, now) is True:
        return PRECONDITION_FAILED
    reads = method in _READS
    if b"if-none-match" in fields:
        if _matches(fields[b"if-none-match"], has, strongly=False):
            return NOT_MODIFIED if reads else PRECONDITION_FAILED
    elif reads and b"if-modified-since" in fields and _modified_since(fields[b"if-modified-since"], has, now) is False:
        return NOT_MODIFIED
    return PERFORM


def range_applies(fields: Fields, has: Validators, now: float) -> bool:
    """Does the peer want the range even of what the representation is now (RFC 9110 section 13.1.5)?"""
    value = fields.get(b"if-range")
    if value is None:
        return True
    if value.endswith(b'"'):
        return value == has.etag and not value.startswith(b"W/")
    if has.modified < 0 or parse_http_date(value, now) != has.modified:
        return False
    # Section 8.8.2.2: within its second a file may change again and still have the same date.
    return now >= has.modified + 1


def entity_tags(value: bytes) -> list[bytes] | None:
    """The tags of an If-Match or If-None-Match field, as they stand there; None where it is malformed."""
    tags: list[bytes] = []
    at, end = 0, len(value.rstrip(b" \t,"))
    while at < end:
        match = _TAG.match(value, at)
        if match is None:
            return None
        tags.append(match[1])
        at = match.end()
    return tags


def _matches(value: bytes, has: Validators, *, strongly: bool) -> bool:
    """RFC 9110 sections 13.1.1 and 13.1.2; a malformed list names nothing that we have."""
    if value == b"*":
        return has.exists
    own = has.etag
    if not own or not has.exists:
        return False
    if strongly:
        return not own.startswith(b"W/") and own in (entity_tags(value) or ())
    # Section 8.8.3.2: weakly, the opaque parts alone are compared.
    opaque = own.removeprefix(b"W/")
    return value == opaque or any(tag.removeprefix(b"W/") == opaque for tag in entity_tags(value) or ())


def _modified_since(value: bytes, has: Validators, now: float) -> bool | None:
    """None where the field is to be ignored: no date in it, or none of the representation's (13.1.3, 13.1.4)."""
    if has.modified < 0 or not has.exists:
        return None
    date = parse_http_date(value, now)
    return None if date is None else has.modified > date
