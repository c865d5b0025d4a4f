"""The key of an answer (RFC 9111 section 2): who is asked, for what, and how the query counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from functools import lru_cache
from urllib.parse import quote_from_bytes, unquote_to_bytes

#: ``?x=test,cache=true``: how the README of the first Hendrix spelled it.
_OPT_IN, _OLD_OPT_IN = b"cache=true", b",cache=true"
_HEX = re.compile(rb"%([0-9a-fA-F]{2})")
#: RFC 3986 section 3.3: what a path may hold besides unreserved characters, without being escaped.
_IN_PATH = "/!$&'()*+,;=:@"
_PLAIN = re.compile(rb"[A-Za-z0-9\-._~/!$&'()*+,;=:@]*+")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
#: Told by proxies, and seen by applications: part of what an answer depends on. Those of the scheme may be what
#: SECURE_PROXY_SSL_HEADER is set to; the others of that kind are believed (``answer.forwarded``), so the key has them.
TOLD = (
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-prefix",
    b"x-forwarded-proto",
    b"x-forwarded-protocol",
    b"x-scheme",
    b"x-url-scheme",
    b"front-end-https",
)
_UNTOLD = (b"",) * len(TOLD)


def query_of(query: bytes, mode: str, ignored: tuple[str, ...]) -> bytes | None:
    """The part that the query has in the key; None where it busts the cache."""
    if not query:
        return b""
    return _query_of(query, mode, ignored) if len(query) <= 2048 else None


@lru_cache(1024)
def _query_of(query: bytes, mode: str, ignored: tuple[str, ...]) -> bytes | None:
    parts = [part for part in query.split(b"&") if part]
    kept = b"&".join(part for part in parts if not _is_ignored(part, ignored))
    if mode == "key" or not kept:
        return kept
    asked = any(part == _OPT_IN or part.endswith(_OLD_OPT_IN) for part in parts)
    return without_opt_in(kept) if asked else None


def without_opt_in(query: bytes) -> bytes:
    """The rest of it. To the application ``x=test,cache=true`` is another value of x, so that stays as it is."""
    return b"&".join(part for part in query.split(b"&") if part and part != _OPT_IN) if _OPT_IN in query else query


def _is_ignored(part: bytes, ignored: tuple[str, ...]) -> bool:
    if not ignored:
        return False
    return _pattern(ignored).fullmatch(part.partition(b"=")[0].decode("latin-1")) is not None


@lru_cache(64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(name) for name in names))


def normal_path(path: bytes) -> bytes:
    """RFC 9110 section 4.2.3: escapes that mean the same are spelled the same. Dots stay as they are sent."""
    if b"%" not in path:
        return path
    return _HEX.sub(_spelled, path)


def meant_path(path: bytes) -> bytes:
    """Of all spellings that an application cannot tell apart, as it gets the path without escapes (PEP 3333), one."""
    if _PLAIN.fullmatch(path):
        return path
    return quote_from_bytes(unquote_to_bytes(path), _IN_PATH).encode()


def _spelled(match: re.Match[bytes]) -> bytes:
    number = int(match[1], 16)
    return bytes((number,)) if number in _UNRESERVED else match[0].upper()


def primary_key(
    scheme: str, host: bytes, path: bytes, query: bytes, fields: Mapping[bytes, bytes], proxied: bool
) -> bytes:
    """``host`` is in lower case, ``path`` normal, ``query`` what ``query_of`` has left of it."""
    key = b"%b://%b%b" % (scheme.encode(), host, path)
    if query:
        key = b"%b?%b" % (key, query)
    if proxied:
        key = b"\n".join((key, *map(fields.get, TOLD, _UNTOLD)))
    return key
