"""The fields of an answer, from an application's words to HPACK (RFC 9113 section 8.2).

A field that was seen before is found by one look-up, already judged and encoded. What may not be said over HTTP/1.1
may not be said here either.
"""

from __future__ import annotations

import re

from hendrix.core.errors import AnswerError
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import OWN_DATE, OWN_SECURITY, OWN_SERVER
from hendrix.wire.hpack.literals import (
    ADDED,
    NEVER,
    PLAIN,
    encode_fixed,
    encode_literal,
    encode_name,
    indexed,
    raw_string,
)
from hendrix.wire.hpack.table import OVERHEAD
from hendrix.wire.response import DATE, LENGTH, PLAIN_FIELD, SECURITY, SERVER, kind_of

_REMEMBERED = 1000
#: A longer value is not worth its place in the peer's table.
_LONGEST = 512
_BAD = re.compile(r"[\r\n\0]")
#: RFC 7541 section 7.1.3: what nobody on the way may keep, and nobody is to guess.
_SECRET = frozenset(("set-cookie", "authorization", "proxy-authorization", "www-authenticate", "authentication-info"))

#: See ``answers.CommonFields``.
_OWN = {DATE: OWN_DATE, SERVER: OWN_SERVER, SECURITY: OWN_SECURITY}


class AnswerField:
    """One field in the forms that it may take; see ``hpack.encoder.Field``."""

    __slots__ = ("_name", "_seen", "_value", "added", "own", "plain", "size")

    def __init__(self, name: bytes, value: bytes, own: int, *, secret: bool = False) -> None:
        self._name = name
        self._value = value
        self.own = own
        self.added = b""
        self.size = len(name) + len(value) + OVERHEAD
        # Huffman codes are for those that come again.
        self.plain = indexed(name, value) or encode_name(name, NEVER if secret else PLAIN) + raw_string(value)
        self._seen = secret or len(value) > _LONGEST or len(self.plain) == 1

    def came_again(self) -> None:
        """It was sent before: make it short."""
        if not self._seen:
            self._seen = True
            self.plain = encode_literal(self._name, self._value)
            if not self.own & OWN_DATE:
                self.added = encode_literal(self._name, self._value, ADDED)


_fields: dict[tuple[str, str], AnswerField] = {}


class Rendered:
    """The fields of one answer, the length they state (-1: none), and which of the server's they replace."""

    __slots__ = ("fields", "length", "own")

    def __init__(self) -> None:
        self.fields: list[AnswerField] = []
        self.length = -1
        self.own = 0

    def plain(self) -> bytes:
        """Encoded for every connection alike."""
        return b"".join([field.plain for field in self.fields])


def render(headers: ResponseHeaders) -> Rendered:
    """Raises ``AnswerError`` where a field may not be sent. Nothing is encoded yet: that changes a connection."""
    rendered = Rendered()
    fields = rendered.fields
    known = _fields.get
    try:
        for pair in headers:
            field = known(pair)
            if field is None:
                field = _new(pair, rendered)
                if field is None:
                    continue
            else:
                field.came_again()
            if field.own:
                rendered.own |= field.own
            fields.append(field)
    except UnicodeEncodeError as error:
        raise AnswerError(f"a header is not latin-1: {error.object[error.start : error.end]!r}") from None
    except (TypeError, ValueError) as error:
        if any(type(pair) is not tuple for pair in headers):
            return render([_as_tuple(pair) for pair in headers])
        raise AnswerError(f"a header is not a pair of strings: {error}") from None
    return rendered


def _as_tuple(pair: object) -> tuple[str, str]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
        raise AnswerError("a header is not a pair of strings")
    return pair[0], pair[1]


def _new(pair: tuple[str, str], rendered: Rendered) -> AnswerField | None:
    """A field that was not seen before; None for a length, which is only stated."""
    name, value = pair
    kind = kind_of(name)
    if kind == LENGTH:
        rendered.length = _length(value, rendered.length)
        return None
    lower = name.lower()
    if _BAD.search(value):
        raise AnswerError("a header value holds a line break or NUL")
    secret = lower in _SECRET
    own = _OWN.get(kind, 0) if kind != PLAIN_FIELD else 0
    field = AnswerField(lower.encode("latin-1"), value.strip(" \t").encode("latin-1"), own, secret=secret)
    if not secret and len(value) <= _LONGEST:
        if len(_fields) >= _REMEMBERED:
            _fields.clear()
        _fields[pair] = field
    return field


def _length(value: str, before: int) -> int:
    digits = str.strip(value)
    if before >= 0 or not (digits.isascii() and digits.isdigit()):
        raise AnswerError(f"Content-Length {value[:40]!r} is not one number, once")
    return int(digits)


_LENGTH_NAME = encode_name(b"content-length")
_lengths: dict[int, bytes] = {}


def length_field(length: int) -> bytes:
    """Content-Length."""
    field = _lengths.get(length)
    if field is None:
        field = _LENGTH_NAME + raw_string(b"%d" % length)
        if len(_lengths) < _REMEMBERED:
            _lengths[length] = field
    return field


_statuses: dict[int, bytes] = {}


def status_field(code: int) -> bytes:
    """RFC 9113 section 8.3.2."""
    field = _statuses.get(code)
    if field is None:
        field = _statuses[code] = encode_fixed(b":status", b"%d" % code)
    return field


def lines_field(lines: bytes) -> bytes:
    """Ready lines of the server itself (``Name: value CRLF``), as every connection understands them."""
    parts = []
    for line in lines.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            parts.append(encode_fixed(name.lower(), value.strip()))
    return b"".join(parts)
