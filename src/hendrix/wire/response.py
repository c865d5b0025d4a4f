"""The head of an answer, from an application's words to bytes (RFC 9110 sections 6 to 8, RFC 9112 section 4).

What an application may not say is refused as a whole: a line break in a value, a field of the connection, two
lengths. Names seen before are remembered, so a usual header costs one look-up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from hendrix.core.errors import AnswerError
from hendrix.core.http import HOP_BY_HOP, ResponseHeaders
from hendrix.core.prepared import OWN_DATE, OWN_SECURITY, OWN_SERVER
from hendrix.wire.framing import NOT_TRAILERS

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS = re.compile(r"[1-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*")
_REMEMBERED = 1000

PLAIN_FIELD, LENGTH, DATE, SERVER, SECURITY = range(5)
_SPECIAL = {"content-length": LENGTH, "date": DATE, "server": SERVER, "strict-transport-security": SECURITY}
_kinds: dict[str, int] = {}
_codes: dict[str, int] = {}


@dataclass(slots=True)
class Common:
    """The fields that every answer of a server carries; the shell renews ``date`` once a second."""

    date: str = ""
    server: str = ""
    #: ``Strict-Transport-Security``, on secure connections (RFC 6797 section 7.2).
    security: str = ""
    #: ``Alt-Svc``, on secure connections where HTTP/3 is spoken (RFC 7838).
    alternative: str = ""
    #: All of them, and those that tell one kind of connection from another.
    both: str = ""
    kind: str = ""
    #: For answers by the fields that they have of their own (``core.prepared``), which these leave out.
    ready: tuple[bytes, ...] = (b"",) * 8

    def renew(self, date: str) -> None:
        """``date`` is an IMF-fixdate."""
        self.date = f"Date: {date}\r\n"
        self.kind = self.security + self.alternative
        self.both = self.date + self.server + self.kind
        self.ready = tuple(self._without(own).encode("latin-1") for own in range(8))

    def _without(self, own: int) -> str:
        fields = ((OWN_DATE, self.date), (OWN_SERVER, self.server), (OWN_SECURITY, self.security))
        return "".join(line for bit, line in fields if not own & bit) + self.alternative


NO_COMMON = Common()
#: Statuses that never have content (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5), and the length that each states.
WITHOUT_CONTENT = {204: "", 205: "Content-Length: 0\r\n", 304: ""}


@dataclass(slots=True)
class Fields:
    """An application's headers made ready: their lines, the length they state (-1: none), what they leave out."""

    lines: list[str]
    length: int
    common: str


def check_status(status: str) -> int:
    """The code of a status line such as ``"200 OK"``. Raises ``AnswerError``."""
    known = _codes.get(status) if type(status) is str else None
    if known is not None:
        return known
    code = _code(status)
    if len(_codes) < _REMEMBERED:
        _codes[status] = code
    return code


def _code(status: str) -> int:
    if not isinstance(status, str) or not _STATUS.fullmatch(status):
        raise AnswerError(f"the status {status!r:.80} is not three digits, a space and a reason")
    code = int(status[:3])
    if code < 200:
        raise AnswerError(f"the status {status[:80]!r} is not a final one")
    return code


def check_interim(status: str) -> int:
    """The code of an interim status line. Raises ``AnswerError``."""
    if not _STATUS.fullmatch(status) or status[0] != "1":
        raise AnswerError(f"the status {status[:80]!r} is not an interim one")
    return int(status[:3])


def kind_of(name: str) -> int:
    """Is a field of this name special? Raises ``AnswerError`` where an application may not set it."""
    kind = _kinds.get(name)
    return _learn(name) if kind is None else kind


def render_fields(headers: ResponseHeaders, common: Common) -> Fields:
    """Raises ``AnswerError`` where a field may not be sent."""
    fields = Fields([], -1, common.both)
    lines = fields.lines
    known = _kinds.get
    try:
        for name, value in headers:
            kind = known(name)
            if kind is None:
                kind = _learn(name)
            if kind:
                _special(kind, value, fields, common)
                if kind == LENGTH:
                    continue
            # Not an f-string: that would turn a number or bytes into words of its own.
            lines.append(name + ": " + value + "\r\n")
    except (TypeError, ValueError) as error:
        raise AnswerError(f"a header is not a pair of strings: {error}") from None
    return fields


def encode_head(status: str, fields: Fields, tail: str) -> bytes:
    """The whole head. ``tail`` are the lines of the connection itself. Raises ``AnswerError``."""
    text = f"HTTP/1.1 {status}\r\n{''.join(fields.lines)}{fields.common}{tail}\r\n"
    # One line break a line and no other: no value can have smuggled one in.
    breaks = text.count("\r\n")
    if text.count("\r") != breaks or text.count("\n") != breaks or "\0" in text or _count(fields, tail) != breaks:
        raise AnswerError("a header value holds a line break or NUL")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise AnswerError(f"a header is not latin-1: {text[error.start : error.end]!r}") from None


def encode_interim(status: str, headers: ResponseHeaders, extra: str = "") -> bytes:
    """The head of an interim answer (RFC 9110 section 15.2), which has no content. Raises ``AnswerError``."""
    check_interim(status)
    fields = render_fields(headers, NO_COMMON)
    if fields.length >= 0:
        raise AnswerError("an interim answer has no content")
    return encode_head(status, fields, extra)


def encode_trailers(trailers: ResponseHeaders) -> bytes:
    """Fields behind a body (RFC 9110 section 6.5). Raises ``AnswerError`` for those with no meaning there."""
    for name, _value in trailers:
        if isinstance(name, str) and name.lower().encode("latin-1", "replace") in NOT_TRAILERS:
            raise AnswerError(f"{name} cannot be a trailer (RFC 9110 section 6.5.1)")
    return encode_lines(trailers) + b"\r\n"


def encode_lines(headers: ResponseHeaders) -> bytes:
    """Field lines alone. Raises ``AnswerError``."""
    head = encode_head("200 OK", render_fields(headers, NO_COMMON), "")
    return head[head.index(b"\n") + 1 : -2]


def _count(fields: Fields, tail: str) -> int:
    return len(fields.lines) + fields.common.count("\n") + tail.count("\n") + 2


def _learn(name: str) -> int:
    """What is to be done with fields of this name; remembered for the next time."""
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise AnswerError(f"{name!r} is not a header name")
    lower = name.lower()
    if lower in HOP_BY_HOP:
        raise AnswerError(f"{name} is a field of the connection, which the application may not set (PEP 3333)")
    kind = _SPECIAL.get(lower, PLAIN_FIELD)
    if len(_kinds) < _REMEMBERED:
        _kinds[name] = kind
    return kind


def _special(kind: int, value: str, fields: Fields, common: Common) -> None:
    _ACTS[kind](value, fields, common)


def _state_length(value: str, fields: Fields, _common: Common) -> None:
    digits = str.strip(value)  # Not value.strip(): bytes have one too.
    if fields.length >= 0 or not (digits.isascii() and digits.isdigit()):
        raise AnswerError(f"Content-Length {value[:40]!r} is not one number, once")
    fields.length = int(digits)


def _own_date(_value: str, fields: Fields, common: Common) -> None:
    fields.common = fields.common.replace(common.date, "")


def _own_server(_value: str, fields: Fields, common: Common) -> None:
    fields.common = fields.common.replace(common.server, "") if common.server else fields.common


def _own_security(_value: str, fields: Fields, common: Common) -> None:
    fields.common = fields.common.replace(common.security, "") if common.security else fields.common


_ACTS: dict[int, Callable[[str, Fields, Common], None]] = {
    LENGTH: _state_length,
    DATE: _own_date,
    SERVER: _own_server,
    SECURITY: _own_security,
}
