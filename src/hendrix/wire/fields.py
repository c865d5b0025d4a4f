"""The grammar of fields, hosts and targets (RFC 9110 section 5, RFC 3986 section 3.2), as patterns.

Quantifiers are possessive: a hostile head is matched in one pass, without backtracking. Within a possessive group
all of them are, since CPython before 3.11.5 mishandles a group that can backtrack (gh-106052).
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

#: RFC 9110 section 5.6.2.
TOKEN_CHAR = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
TOKEN_BYTES = frozenset(byte for byte in range(256) if re.fullmatch(TOKEN_CHAR, bytes([byte])))
#: RFC 9110 section 5.5: visible characters, obs-text, and blanks within.
VALUE = rb"[\t\x20-\x7e\x80-\xff]*+"
FIELD_LINE = TOKEN_CHAR + rb"++:" + VALUE + rb"\r\n"

#: RFC 9112 section 3, of the versions that are served.
REQUEST_LINE = re.compile(rb"(" + TOKEN_CHAR + rb"++) ([\x21-\x7e]++) HTTP/1\.([01])\r\n")
#: RFC 9112 section 5: a field line without its end. Blanks before the value are none of it; behind it they match.
FIELD = re.compile(rb"(" + TOKEN_CHAR + rb"++):[ \t]*+(" + VALUE + rb")")
#: RFC 9112 section 7.1.2: a trailer, or the empty line behind the last.
TRAILER_LINE = re.compile(FIELD_LINE + rb"|\r\n")
START_LINE = re.compile(rb"(" + TOKEN_CHAR + rb"++) ([\x21-\x7e]++) HTTP/(\d)\.(\d)\r\n")

EMPTY_LINES = re.compile(rb"\A(?:\r\n)*+")
#: RFC 9112 section 2.2: a CR or LF that is not part of CRLF.
BARE_LINE_END = re.compile(rb"\r(?!\n|\Z)|(?<!\r)\n")

#: RFC 3986 section 3.2.2 and RFC 9110 section 7.2: uri-host [ ":" port ], without user information.
HOST = re.compile(
    rb"(?:\[([0-9A-Fa-f:.]++)\]|\[[vV][0-9A-Fa-f]++\.[A-Za-z0-9\-._~!$&'()*+,;=:]++\]"
    rb"|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})++)(?::([0-9]{0,5}))?"
)

_CHUNK_VALUE = rb"(?:" + TOKEN_CHAR + rb'++|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+")'
#: RFC 9112 section 7.1: chunk-size [ chunk-ext ] CRLF. Fifteen digits are more than any file.
CHUNK_LINE = re.compile(
    rb"([0-9A-Fa-f]{1,15})((?:[ \t]*+;[ \t]*+" + TOKEN_CHAR + rb"++(?:[ \t]*+=[ \t]*+" + _CHUNK_VALUE + rb")?+)*+)\r\n"
)


def valid_host(host: bytes) -> bool:
    """Is ``host`` a legal value of the Host field?

    Empty is (RFC 9110 section 7.2); an empty host before a port is not (section 4.2.1).
    """
    match = HOST.fullmatch(host)
    if match is None:
        return not host
    literal, port = match.groups()
    if port and int(port) > 65535:
        return False
    return literal is None or _valid_ipv6(literal)


def _valid_ipv6(literal: bytes) -> bool:
    try:
        IPv6Address(literal.decode("ascii"))
    except AddressValueError:
        return False
    return True
