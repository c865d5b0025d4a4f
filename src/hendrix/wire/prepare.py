"""Answers made ready: rendered once, sent many times."""

from __future__ import annotations

from hendrix.core.errors import AnswerError
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import OWN_DATE, OWN_SECURITY, OWN_SERVER, Descriptor, Prepared
from hendrix.wire.response import NO_COMMON, WITHOUT_CONTENT, check_status, encode_head, render_fields

_OWN = {"date": OWN_DATE, "server": OWN_SERVER, "strict-transport-security": OWN_SECURITY}


def prepare(status: str, headers: ResponseHeaders, body: bytes = b"") -> Prepared:
    """An answer whose body is in memory. ``headers`` need not state its length. Raises ``AnswerError``."""
    return _made(status, headers, len(body), body)


def prepare_file(status: str, headers: ResponseHeaders, file: Descriptor, offset: int, length: int) -> Prepared:
    """An answer whose body are ``length`` bytes of an open regular file. Raises ``AnswerError``."""
    return _made(status, headers, length, b"", file, offset)


def _made(
    status: str, headers: ResponseHeaders, length: int, body: bytes, file: Descriptor | None = None, offset: int = 0
) -> Prepared:
    code = check_status(status)
    fields = render_fields(headers, NO_COMMON)
    if fields.length not in (-1, length):
        raise AnswerError(f"Content-Length {fields.length} is stated of a body of {length} bytes")
    told = f"Content-Length: {length}\r\n"
    if code in WITHOUT_CONTENT:
        told, length, body, file = WITHOUT_CONTENT[code], 0, b"", None
    elif fields.length < 0:
        headers = [*headers, ("Content-Length", str(length))]
    head = encode_head(status, fields, told)[:-2]
    own = 0
    for name, _value in headers:
        own |= _OWN.get(name.lower(), 0)
    return Prepared(status, headers, head, length, body, file, offset, own)
