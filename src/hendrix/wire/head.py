"""One request head, from bytes to ``Request`` (RFC 9112 sections 2 to 6, 9).

httptools (llhttp) splits the lines. It is not trusted: before it, the whole head must match the RFC's grammar;
after it, everything that decides on framing or routing is checked here, one function per rule. Nor may it remember
anything: one parser reads for all connections, so what a head leaves in it would be read into a stranger's request.
"""

from __future__ import annotations

import httptools

from hendrix.core.errors import PeerError
from hendrix.core.http import Request, RequestHeaders
from hendrix.wire.fields import BARE_LINE_END, HEAD, START_LINE, valid_host
from hendrix.wire.limits import Limits

#: Fields whose repetition changes what a message is: each may stand once.
_SINGLE = (b"host", b"content-length", b"transfer-encoding")
#: RFC 9110 section 5.6.1: a list may hold empty elements.
_EXPECTED = frozenset((b"", b"100-continue"))


class HeadParser:
    """Parses whole heads. One serves every connection of a worker, since each head is fed in one piece."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._headers: RequestHeaders = []
        self._fresh = True
        self._parser = httptools.HttpRequestParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by httptools."""
        self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_message_complete(self) -> None:
        """Called by httptools. Only now can it tell whether it waits for the next head, or for nothing more."""
        self._fresh = self._parser.should_keep_alive()

    def parse(self, head: bytes) -> Request:
        """``head`` ends with its empty line. Raises ``PeerError``."""
        match = HEAD.fullmatch(head)
        if match is None:
            raise _grammar_fault(head)
        method, target, minor = match.groups()
        if len(target) + len(method) + 10 > self._limits.request_line:
            raise PeerError(414, "the request line is too long")
        headers = self._split(head)
        fields = self._named(headers, len(head))
        return self._request(method, target, minor, headers, fields)

    def _split(self, head: bytes) -> RequestHeaders:
        headers: RequestHeaders = []
        self._headers = headers
        self._fresh = False
        try:
            self._parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            self._fresh = False
        except httptools.HttpParserInvalidMethodError:
            self._fresh = False
            raise PeerError(501, "the method is not known") from None
        except httptools.HttpParserError as error:
            self._fresh = False
            raise PeerError(400, f"malformed request: {error}") from None
        finally:
            if not self._fresh:
                # It is within a body, an upgrade or an error: the next head needs a clean one.
                self._parser = httptools.HttpRequestParser(self)
        return headers

    def _named(self, headers: RequestHeaders, size: int) -> dict[bytes, bytes]:
        """The fields of a head of ``size`` bytes by their names, within the limits (RFC 9110 section 5.4)."""
        if len(headers) > self._limits.fields:
            raise PeerError(431, "too many header fields")
        fields = dict(headers)
        if len(fields) != len(headers):
            fields = _merged(headers)
        if (
            size > self._limits.field_size
            and len(max(fields.values(), key=len, default=b"")) > self._limits.field_size
        ):
            raise PeerError(431, "a header field is too long")
        return fields

    def _request(
        self, method: bytes, target: bytes, minor: bytes, headers: RequestHeaders, fields: dict[bytes, bytes]
    ) -> Request:
        version = "1.1" if minor == b"1" else "1.0"
        authority = _host(fields, version)
        request = Request(method.decode(), target, target, b"", version, headers, authority, fields=fields)
        _route(request)
        request.length = _body_length(fields, version)
        request.keep_alive = _keeps_alive(fields.get(b"connection"), version)
        if b"upgrade" in fields:
            request.websocket = _asks_for_websocket(request)
        if b"expect" in fields:
            request.expects_continue = _expectation(fields[b"expect"], request)
        return request


def _merged(headers: RequestHeaders) -> dict[bytes, bytes]:
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


def _host(fields: dict[bytes, bytes], version: str) -> bytes:
    """RFC 9112 section 3.2: exactly one valid Host in HTTP/1.1, at most one in HTTP/1.0."""
    host = fields.get(b"host")
    if host is None:
        if version == "1.1":
            raise PeerError(400, "no Host field")
        return b""
    if not valid_host(host):
        raise PeerError(400, "the Host field is not valid")
    return host


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
    request.fields[b"host"] = authority


def _body_length(fields: dict[bytes, bytes], version: str) -> int:
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
    if connection is None:
        return version == "1.1"
    options = [option.strip() for option in connection.lower().split(b",")]
    if b"close" in options:
        return False
    return version == "1.1" or b"keep-alive" in options


def _asks_for_websocket(request: Request) -> bool:
    """RFC 6455 section 4.2.1, and RFC 9110 section 7.8: Upgrade means nothing unless Connection names it."""
    if request.method != "GET" or request.version != "1.1" or request.length:
        return False
    return _lists(request.fields, b"upgrade", b"websocket") and _lists(request.fields, b"connection", b"upgrade")


def _lists(fields: dict[bytes, bytes], name: bytes, word: bytes) -> bool:
    return word in [part.strip() for part in fields.get(name, b"").lower().split(b",")]


def _expectation(expect: bytes, request: Request) -> bool:
    """RFC 9110 section 10.1.1: does the peer wait for 100 before it sends its body?"""
    expectations = {part.strip() for part in expect.lower().split(b",")}
    if not expectations <= _EXPECTED:
        raise PeerError(417, "no expectation but 100-continue is met")
    return b"100-continue" in expectations and request.version == "1.1" and request.length != 0


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
