"""One request head, from bytes to ``Request`` (RFC 9112 sections 2 to 6, 9).

Every line must match the RFC's grammar; what decides on framing or routing is then checked, one function per rule.

A head is mostly what was read a moment ago: peers ask again with the same fields, and peers of one kind send the same
lines. So the fields of a peer's last head are kept, and the lines of all; both for less than a second, for what has
been read says nothing of the next peer. What was read is shared by requests, which is why its types are read-only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hendrix.core.errors import PeerError
from hendrix.core.http import Request, RequestFields, RequestHeaders
from hendrix.wire.fields import BARE_LINE_END, FIELD, REQUEST_LINE, START_LINE, valid_host
from hendrix.wire.limits import Limits
from hendrix.wire.methods import METHODS

#: Fields whose repetition changes what a message is: each may stand once.
_SINGLE = (b"host", b"content-length", b"transfer-encoding")
#: RFC 9110 section 5.6.1: a list may hold empty elements.
_EXPECTED = frozenset((b"", b"100-continue"))
#: A request with one of these may be more than its request line and its fields say.
_PARTICULAR = frozenset((b"content-length", b"transfer-encoding", b"upgrade", b"expect"))
#: Lines that are kept, and the bytes of one.
_MOST_LINES = 1000
_LONGEST_LINE = 256
#: Peers whose last fields are kept, and their bytes.
_MOST_BLOCKS = 500
_LONGEST_BLOCK = 4096


class _Lines(dict[bytes, tuple[bytes, bytes]]):
    """Field lines by their bytes. One that is not yet there is read."""

    def __missing__(self, line: bytes) -> tuple[bytes, bytes]:
        match = FIELD.fullmatch(line)
        if match is None:
            raise ValueError("malformed header field")
        name, value = match.groups()
        pair = (name.lower(), value.rstrip(b" \t"))
        if b"\t" in value and pair[0] == b"transfer-encoding":
            raise ValueError("not every server takes a tab for white space")
        if len(self) < _MOST_LINES and len(line) <= _LONGEST_LINE:
            self[line] = pair
        return pair


class _Block(NamedTuple):
    """The fields of a head that is nothing but a question, of HTTP/1.1."""

    raw: bytes
    headers: RequestHeaders
    fields: RequestFields
    authority: bytes


_NO_BLOCK = _Block(b"", (), {}, b"")


class HeadParser:
    """Parses whole heads. One serves every connection of a worker."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lines = _Lines()
        self._blocks: dict[object, _Block] = {}

    def forget(self) -> None:
        """To be called now and then: what is kept is only what peers send at the moment."""
        self._lines.clear()
        self._blocks.clear()

    def parse(self, head: bytes, peer: object) -> Request:
        """``head`` ends with its empty line; ``peer`` is the same object for one peer. Raises ``PeerError``."""
        start = REQUEST_LINE.match(head)
        if start is None:
            raise _grammar_fault(head)
        method, target, minor = start.groups()
        if len(target) + len(method) + 10 > self._limits.request_line:
            raise PeerError(414, "the request line is too long")
        raw = head[start.end() : -4]
        known = self._blocks.get(peer, _NO_BLOCK)
        if raw == known.raw and raw and minor == b"1":
            name = _method(method)
            request = Request(name, target, target, b"", "1.1", known.headers, known.authority, fields=known.fields)
            _route(request)
            return request
        headers = self._split(head, raw)
        fields = self._named(headers, len(raw))
        request = _request(method, target, minor, headers, fields)
        if request.keep_alive and minor == b"1" and len(raw) <= _LONGEST_BLOCK and _PARTICULAR.isdisjoint(fields):
            self._keep(peer, _Block(raw, headers, fields, fields[b"host"]))
        return request

    def _split(self, head: bytes, raw: bytes) -> RequestHeaders:
        try:
            return list(map(self._lines.__getitem__, raw.split(b"\r\n"))) if raw else []
        except ValueError:
            raise _grammar_fault(head) from None

    def _keep(self, peer: object, block: _Block) -> None:
        if len(self._blocks) < _MOST_BLOCKS or peer in self._blocks:
            self._blocks[peer] = block

    def _named(self, headers: RequestHeaders, size: int) -> RequestFields:
        """Fields of ``size`` bytes in all by their names, within the limits (RFC 9110 section 5.4)."""
        if len(headers) > self._limits.fields:
            raise PeerError(431, "too many header fields")
        fields: RequestFields = dict(headers)
        if len(fields) != len(headers):
            fields = _merged(headers)
        if (
            size > self._limits.field_size
            and len(max(fields.values(), key=len, default=b"")) > self._limits.field_size
        ):
            raise PeerError(431, "a header field is too long")
        return fields


def _request(method: bytes, target: bytes, minor: bytes, headers: RequestHeaders, fields: RequestFields) -> Request:
    version = "1.1" if minor == b"1" else "1.0"
    request = Request(_method(method), target, target, b"", version, headers, _host(fields, version), fields=fields)
    _route(request)
    request.length = _body_length(fields, version)
    request.keep_alive = _keeps_alive(fields.get(b"connection"), version)
    if b"upgrade" in fields:
        request.websocket = _asks_for_websocket(request)
    if b"expect" in fields:
        request.expects_continue = expectation(fields[b"expect"], request)
    return request


def _method(method: bytes) -> str:
    """RFC 9110 section 9.1: one that is not known is not implemented."""
    name = METHODS.get(method)
    if name is None:
        raise PeerError(501, "the method is not known")
    return name


def _merged(headers: RequestHeaders) -> RequestFields:
    """Fields by name where some are repeated (RFC 9110 section 5.3); those that may not be are refused."""
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        if name not in fields:
            fields[name] = value
        elif name in _SINGLE:
            raise PeerError(400, f"more than one {name.decode()} field")
        else:
            fields[name] += (b"; " if name == b"cookie" else b", ") + value
    return fields


def _host(fields: RequestFields, version: str) -> bytes:
    """RFC 9112 section 3.2: exactly one valid Host in HTTP/1.1, at most one in HTTP/1.0."""
    host = fields.get(b"host")
    if host is None:
        if version == "1.1":
            raise PeerError(400, "no Host field")
        return b""
    if not _valid_host(host):
        raise PeerError(400, "the Host field is not valid")
    return host


#: Most requests are for one and the same host.
_valid_host = lru_cache(100)(valid_host)


def _route(request: Request) -> None:
    """RFC 9112 section 3.2: the four forms of a target."""
    target = request.target
    if b"#" in target:
        raise PeerError(400, "the target has a fragment")
    if request.method == "CONNECT":
        raise PeerError(501, "CONNECT is not served")
    if target.startswith(b"/"):
        request.path, _, request.query = target.partition(b"?")
    elif target == b"*" and request.method == "OPTIONS":
        request.path = b"*"
    else:
        _route_absolute(request)


def _route_absolute(request: Request) -> None:
    """RFC 9112 section 3.2.2: the target's authority replaces the Host field."""
    scheme, colon, rest = request.target.partition(b"://")
    scheme = scheme.lower()
    if not colon or scheme not in (b"http", b"https"):
        raise PeerError(400, "the target is in no form that RFC 9112 knows")
    rest, _, request.query = rest.partition(b"?")
    authority, _, path = rest.partition(b"/")
    if not authority or not valid_host(authority):
        raise PeerError(400, "the target's authority is not valid")
    request.path = b"/" + path
    request.authority = authority
    request.target_scheme = scheme
    kept = [pair for pair in request.headers if pair[0] != b"host"]
    request.headers = [(b"host", authority), *kept]
    request.fields = {**request.fields, b"host": authority}


def _body_length(fields: RequestFields, version: str) -> int:
    """RFC 9112 section 6.3: bytes of the body, -1 for a chunked one."""
    length = fields.get(b"content-length")
    coding = fields.get(b"transfer-encoding")
    if coding is not None:
        return _chunked(coding, length, version)
    if length is None:
        return 0
    if not length.isdigit() or len(length) > 18:
        raise PeerError(400, "the Content-Length is not a number")
    return int(length)


def _chunked(coding: bytes, length: bytes | None, version: str) -> int:
    """RFC 9112 section 6.1: where the framing could be read in two ways, it is not read at all."""
    if length is not None:
        raise PeerError(400, "both Content-Length and Transfer-Encoding")
    if version == "1.0":
        raise PeerError(400, "Transfer-Encoding in HTTP/1.0")
    coding = coding.lower()
    if coding == b"chunked":
        return -1
    *others, last = (part.strip() for part in coding.split(b","))
    if last == b"chunked" and others.count(b"chunked") == 0 and b"" not in others:
        raise PeerError(501, "no transfer coding but chunked is served")
    raise PeerError(400, "the Transfer-Encoding is not valid")


def _keeps_alive(connection: bytes | None, version: str) -> bool:
    """RFC 9112 section 9.3."""
    if connection is None or connection == b"keep-alive":
        return version == "1.1" or connection is not None
    options = [option.strip() for option in connection.lower().split(b",")]
    if b"close" in options:
        return False
    return version == "1.1" or b"keep-alive" in options


def _asks_for_websocket(request: Request) -> bool:
    """RFC 6455 section 4.2.1, and RFC 9110 section 7.8: Upgrade means nothing unless Connection names it."""
    if request.method != "GET" or request.version != "1.1" or request.length:
        return False
    return _lists(request.fields, b"upgrade", b"websocket") and _lists(request.fields, b"connection", b"upgrade")


def _lists(fields: RequestFields, name: bytes, word: bytes) -> bool:
    return word in [part.strip() for part in fields.get(name, b"").lower().split(b",")]


def expectation(expect: bytes, request: Request) -> bool:
    """RFC 9110 section 10.1.1: does the peer wait for 100 before it sends its body?"""
    expectations = {part.strip() for part in expect.lower().split(b",")}
    if not expectations <= _EXPECTED:
        raise PeerError(417, "no expectation but 100-continue is met")
    return b"100-continue" in expectations and request.version != "1.0" and request.length != 0


def _grammar_fault(head: bytes) -> PeerError:
    """Say what is wrong with a head that is not in the grammar."""
    if BARE_LINE_END.search(head):
        return PeerError(400, "a line does not end with CRLF")
    start = START_LINE.match(head)
    if start is None:
        return PeerError(400, "malformed request line")
    if start[3] != b"1" or start[4] not in b"01":
        return PeerError(505, "the HTTP version is not served")
    return PeerError(400, "malformed header field")
