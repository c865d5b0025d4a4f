"""From the fields of a header section to a request (RFC 9113 section 8), one function per rule.

What RFC 9113 calls malformed ends the stream; what HTTP itself forbids, or a limit, is answered, with the same status
as over HTTP/1.1.
"""

from __future__ import annotations

import re

from hendrix.core.errors import PeerError
from hendrix.core.http import Request, RequestHeaders
from hendrix.wire.fields import TOKEN_BYTES, VALUE, valid_host
from hendrix.wire.head import expectation
from hendrix.wire.hpack.table import Pair
from hendrix.wire.http2.faults import Malformed
from hendrix.wire.limits import Limits
from hendrix.wire.methods import METHODS

VERSION = "2"

#: RFC 9113 section 8.2.1, and no stranger characters than over HTTP/1.1: lines of ``name LF``, and ``value LF``.
_NAMES = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9a-z]++\n)*+")
_VALUES = re.compile(rb"(?:(?:[\x21-\x7e\x80-\xff]" + VALUE + rb"(?<![\t ]))?+\n)*+")
_TARGET = re.compile(rb"[\x21\x22\x24-\x7e]++")
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*+")

_PSEUDO = frozenset((b":method", b":scheme", b":authority", b":path", b":protocol"))
#: RFC 9113 section 8.2.2.
_OF_CONNECTION = frozenset((b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"))
#: Fields that may stand once.
_SINGLE = frozenset((b"content-length", b"host"))

Fields = list[tuple[bytes, bytes]]


def read_request(pairs: list[Pair], limits: Limits, *, ended: bool) -> Request:
    """Raises ``Malformed`` or ``PeerError``. ``ended``: no body follows."""
    pseudo, headers = split_pseudo(pairs)
    check_fields(headers)
    fields = _named(headers, limits)
    request = _routed(pseudo, limits)
    _name_host(request, headers, fields)
    request.headers, request.fields = headers, fields
    request.length = _length(fields, ended=ended)
    if b"expect" in fields:
        request.expects_continue = expectation(fields[b"expect"], request)
    return request


def read_trailers(pairs: list[Pair], limits: Limits) -> RequestHeaders:
    """Section 8.1: fields behind a body. Raises ``Malformed``."""
    if any(name.startswith(b":") for name, _value in pairs):
        raise Malformed("a pseudo-header field in the trailers")
    check_fields(pairs)
    if len(pairs) > limits.fields:
        raise Malformed("too many trailers")
    return pairs


def split_pseudo(pairs: list[Pair]) -> tuple[dict[bytes, bytes], Fields]:
    """Section 8.3: the pseudo-header fields, each once and before all others."""
    pseudo: dict[bytes, bytes] = {}
    headers: Fields = []
    for pair in pairs:
        name = pair[0]
        if name[:1] != b":":
            headers.append(pair)
        elif headers or name in pseudo or name not in _PSEUDO:
            raise Malformed(f"the pseudo-header field {name!r:.40} is unknown, repeated or out of place")
        else:
            pseudo[name] = pair[1]
    return pseudo, headers


def check_fields(headers: Fields) -> None:
    """Sections 8.2.1 and 8.2.2."""
    names = [name for name, _value in headers]
    text = b"\n".join([*names, b""])
    if not _NAMES.fullmatch(text) or text.count(b"\n") != len(names):
        raise Malformed("a field name is not valid")
    text = b"\n".join([*[value for _name, value in headers], b""])
    if not _VALUES.fullmatch(text) or text.count(b"\n") != len(names):
        raise Malformed("a field value is not valid")
    if not _OF_CONNECTION.isdisjoint(names):
        raise Malformed("a field that belongs to one connection of HTTP/1.1")
    if b"te" in names and any(name == b"te" and value.lower() != b"trailers" for name, value in headers):
        raise Malformed("TE says more than trailers")


def _named(headers: Fields, limits: Limits) -> dict[bytes, bytes]:
    """The fields by their names, within the limits (RFC 9110 section 5.4)."""
    fields = dict(headers)
    if len(fields) != len(headers):
        fields = _merged(headers)
    if len(headers) > limits.fields and _count(headers) > limits.fields:
        raise PeerError(431, "too many header fields")
    if len(max(fields.values(), key=len, default=b"")) > limits.field_size:
        raise PeerError(431, "a header field is too long")
    return fields


def _count(headers: Fields) -> int:
    """Cookies may come one by one (section 8.2.3), and are one field all the same."""
    cookies = sum(name == b"cookie" for name, _value in headers)
    return len(headers) - max(0, cookies - 1)


def _merged(headers: Fields) -> dict[bytes, bytes]:
    """RFC 9110 section 5.3, and RFC 9113 section 8.2.3; in ``headers``, too, there is one Cookie only."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    for name in _SINGLE.intersection(values):
        if len(values[name]) > 1:
            raise Malformed(f"more than one {name.decode()} field")
    fields = {
        name: found[0] if len(found) == 1 else (b"; " if name == b"cookie" else b", ").join(found)
        for name, found in values.items()
    }
    if len(values.get(b"cookie", ())) > 1:
        at = next(number for number, (name, _value) in enumerate(headers) if name == b"cookie")
        kept = [pair for pair in headers if pair[0] != b"cookie"]
        kept.insert(at, (b"cookie", fields[b"cookie"]))
        headers[:] = kept
    return fields


def _routed(pseudo: dict[bytes, bytes], limits: Limits) -> Request:
    """Section 8.3.1."""
    method = pseudo.get(b":method")
    if not method or not TOKEN_BYTES.issuperset(method):
        raise Malformed("the method is missing or not valid")
    if b":protocol" in pseudo or method == b"CONNECT":
        return _connected(method, pseudo, limits)
    scheme, target = pseudo.get(b":scheme"), pseudo.get(b":path")
    if not scheme or not target or not _SCHEME.fullmatch(scheme):
        raise Malformed("the scheme or the path is missing or not valid")
    if not target.startswith(b"/") and not (target == b"*" and method == b"OPTIONS"):
        raise Malformed("the path does not begin with a slash")
    if method not in METHODS:
        raise PeerError(501, "the method is not known")
    return _request(method, scheme, target, pseudo, limits)


def _connected(method: bytes, pseudo: dict[bytes, bytes], limits: Limits) -> Request:
    """Section 8.5, and RFC 8441 section 4."""
    if method != b"CONNECT" or b":authority" not in pseudo:
        raise Malformed("CONNECT is not as it has to be")
    protocol = pseudo.get(b":protocol")
    if protocol is None:
        if b":scheme" in pseudo or b":path" in pseudo:
            raise Malformed("CONNECT has a scheme or a path")
        raise PeerError(501, "CONNECT is not served")
    scheme, target = pseudo.get(b":scheme"), pseudo.get(b":path", b"")
    if not scheme or not target.startswith(b"/"):
        raise Malformed("the scheme or the path is missing or not valid")
    if protocol.lower() != b"websocket":
        raise PeerError(501, "no protocol but websocket is served")
    request = _request(method, scheme, target, pseudo, limits)
    request.websocket = True
    return request


def _request(method: bytes, scheme: bytes, target: bytes, pseudo: dict[bytes, bytes], limits: Limits) -> Request:
    if len(target) + len(method) + 10 > limits.request_line:
        raise PeerError(414, "the request line is too long")
    if not _TARGET.fullmatch(target):
        raise PeerError(400, "the path is not valid")
    scheme = scheme.lower()
    if scheme not in (b"http", b"https"):
        raise PeerError(421, "no scheme but http and https is served")
    path, _, query = target.partition(b"?")
    request = Request(method.decode(), target, path, query, VERSION, [], pseudo.get(b":authority", b""))
    request.target_scheme = scheme
    return request


def _name_host(request: Request, headers: Fields, fields: dict[bytes, bytes]) -> None:
    """Section 8.3.1: the authority is what Host is over HTTP/1.1, for whoever looks for that."""
    host = fields.get(b"host")
    authority = request.authority
    if not authority:
        if host is None:
            raise PeerError(400, "neither an authority nor a Host field")
        authority = request.authority = host
    elif host is not None and host.lower() != authority.lower():
        raise Malformed("the authority and the Host field differ")
    if not authority or not valid_host(authority):
        raise PeerError(400, "the authority is not valid")
    if host is None:
        headers.insert(0, (b"host", authority))
    fields[b"host"] = authority


def _length(fields: dict[bytes, bytes], *, ended: bool) -> int:
    """Section 8.1.1: what is stated has to be what comes."""
    stated = fields.get(b"content-length")
    if stated is None:
        return 0 if ended else -1
    if not stated.isdigit() or len(stated) > 18:
        raise Malformed("the Content-Length is not a number")
    length = int(stated)
    if ended and length:
        raise Malformed("a body was stated, and none follows")
    return length
