"""Range requests for bytes (RFC 9110 section 14): which parts of a representation were asked for.

What is malformed, in another unit, or would cost more than the whole is ignored, as section 14.2 allows: the whole
is sent then.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: Specs in one field past which it is ignored (section 14.2); a sound client asks for a few.
MOST_RANGES = 64
#: Bytes that a further part costs: ranges with less between them are sent as one (section 15.3.7.2).
_PART_COST = 80

#: RFC 9110 sections 14.1.1 and 14.1.2: int-range or suffix-range.
_SPEC = re.compile(rb"(?:([0-9]++)-([0-9]*+)|-([0-9]++))")
_LARGE = 10**18


class Span(NamedTuple):
    """``length`` bytes from ``offset``."""

    offset: int
    length: int


def parse_range(value: bytes, size: int) -> list[Span] | None:
    """The parts of ``size`` bytes that a Range field asks for, in its order, none of them empty or overlapping.

    None: the field is to be ignored. An empty list: nothing of it is there, answer 416.
    """
    unit, equals, text = value.partition(b"=")
    # Of nothing no part can be told in Content-Range; that much, the whole, the peer gets (section 14.2).
    if not equals or unit.lower() != b"bytes" or not size or text.count(b",") >= MOST_RANGES:
        return None
    specs = [spec for part in text.split(b",") if (spec := part.strip(b" \t"))]
    spans: list[Span] = []
    for spec in specs:
        span = _span(spec, size)
        if span is None:
            return None
        if span.length:
            spans.append(span)
    if not specs:
        return None
    return spans if len(spans) < 2 else _coalesced(spans, size)


def content_range(span: Span, size: int) -> str:
    """The value of Content-Range (RFC 9110 section 14.4)."""
    return f"bytes {span.offset}-{span.offset + span.length - 1}/{size}"


def unsatisfied_range(size: int) -> str:
    """The value of Content-Range in a 416 (RFC 9110 section 15.5.17)."""
    return f"bytes */{size}"


class Multipart(NamedTuple):
    """A body in several parts (RFC 9110 section 14.6): before each span its head, and behind the last ``tail``."""

    heads: list[bytes]
    tail: bytes
    length: int


def multipart(spans: list[Span], size: int, content_type: str, boundary: str) -> Multipart:
    """How ``spans`` of ``size`` bytes are sent as ``multipart/byteranges; boundary=...``."""
    typed = f"Content-Type: {content_type}\r\n" if content_type else ""
    heads = [
        f"\r\n--{boundary}\r\n{typed}Content-Range: {content_range(span, size)}\r\n\r\n".encode("latin-1")
        for span in spans
    ]
    tail = f"\r\n--{boundary}--\r\n".encode("latin-1")
    length = sum(map(len, heads)) + len(tail) + sum(span.length for span in spans)
    return Multipart(heads, tail, length)


def _span(spec: bytes, size: int) -> Span | None:
    """One range-spec, cut to what is there (length 0: nothing); None where it is not valid."""
    match = _SPEC.fullmatch(spec)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        length = min(_number(suffix), size)
        return Span(size - length, length)
    offset = _number(first)
    end = _number(last) if last else _LARGE
    if end < offset:
        return None
    return Span(offset, max(0, min(end + 1, size) - offset))


def _number(digits: bytes) -> int:
    """Past any file all numbers are the same, and Python would not read the longest."""
    digits = digits.lstrip(b"0")
    return int(digits or b"0") if len(digits) < 19 else _LARGE


def _coalesced(spans: list[Span], size: int) -> list[Span] | None:
    """Overlapping and near ones become one, in the place of the one asked for first (section 15.3.7.2)."""
    merged: list[list[int]] = []  # first, end, place
    for offset, length, place in sorted((*span, place) for place, span in enumerate(spans)):
        if merged and offset <= merged[-1][1] + _PART_COST:
            last = merged[-1]
            last[1] = max(last[1], offset + length)
            last[2] = min(last[2], place)
        else:
            merged.append([offset, offset + length, place])
    merged.sort(key=lambda part: part[2])
    if sum(end - first + _PART_COST for first, end, _ in merged) >= size + _PART_COST:
        # The whole costs no more, and an attacker who asks for it in many ways gets it once.
        return None
    return [Span(first, end - first) for first, end, _ in merged]
