"""The head of a request to the admin listener, read strictly. Pure.

Only what a browser, curl or Prometheus sends is understood; whatever is odd is refused (RFC 9112).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

LONGEST_HEAD = 16 * 1024
LONGEST_BODY = 64 * 1024
"""Bytes."""
_MOST_FIELDS = 100
_LINE = re.compile(rb"([A-Z]{1,16}) (/[!-~]*) HTTP/1\.([01])")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
_LENGTH = re.compile(r"[0-9]{1,9}")


class Refused(Exception):
    """The request is answered with ``status``, and ``reason`` for a person; then the connection is closed."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})


@dataclass(frozen=True, slots=True)
class Request:
    """``fields`` by name in lower case. ``body`` is complete."""

    method: str
    path: str
    query: Mapping[str, str]
    fields: Mapping[str, str]
    keeps: bool
    body: bytes = b""

    @property
    def length(self) -> int:
        """Bytes of the body. Raises ``Refused``."""
        if "transfer-encoding" in self.fields:
            raise Refused(501, "a body is to come with Content-Length")
        told = self.fields.get("content-length", "0")
        if not _LENGTH.fullmatch(told):
            raise Refused(400, "Content-Length is no number")
        if int(told) > LONGEST_BODY:
            raise Refused(413, f"a body has at most {LONGEST_BODY} bytes")
        return int(told)


def parse(head: bytes) -> Request:
    """``head`` ends with an empty line. Raises ``Refused``."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = _LINE.fullmatch(first)
    if not found:
        raise Refused(400, "this is no request line of HTTP/1.1")
    if len(lines) > _MOST_FIELDS:
        raise Refused(431, f"a head has at most {_MOST_FIELDS} fields")
    fields: dict[str, str] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if not field:
            raise Refused(400, "this is no header field")
        name = field[1].decode().lower()
        if name in fields:
            raise Refused(400, f"{name} comes twice")
        fields[name] = field[2].decode("latin-1")
    if found[3] == b"1" and "host" not in fields:
        raise Refused(400, "there is no Host")  # RFC 9112 section 3.2
    path, _, told = found[2].decode().partition("#")[0].partition("?")  # not urlsplit, to which //[ is no URL
    keeps = found[3] == b"1" and "close" not in fields.get("connection", "").lower()
    try:
        query = dict(parse_qsl(told, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Refused(400, f"a query has at most {_MOST_FIELDS} parts") from None
    return Request(found[1].decode(), unquote(path), query, fields, keeps)
