"""The directives of Cache-Control (RFC 9111 section 5.2), and of targeted fields (RFC 9213)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

#: A directive without an argument has None.
Directives = Mapping[str, str | None]

NONE: Directives = {}
#: RFC 9111 section 1.2.2: what is larger is this, which no recipient need tell from more.
FOREVER = 2**31
#: Bytes of a field. What is longer is looked at no further: an attacker's, or nothing that a cache should keep.
_LONGEST = 4096

#: Section 5.2: token [ "=" ( token / quoted-string ) ]; or what stands between two commas.
_ELEMENT = re.compile(
    r'[ \t,]*+(?:([!#$%&\'*+\-.^_`|~0-9A-Za-z]++)(?:=(?:"((?:[^"\\]|\\.)*+)"|([^,"\s]*+)))?+[ \t]*+(?=,|\Z)|[^,]++)',
    re.DOTALL,
)
_BEGIN = re.compile(r"[ \t,]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]*+)")
_DIGITS = re.compile(r"[0-9]++")
#: RFC 8941: the key of a dictionary, and its value, an item: here an integer, a boolean, a token or a string.
_MEMBER = re.compile(
    r'[ \t]*+([a-z*][a-z0-9_\-.*]*+)(?:=(?:(-?[0-9]{1,15}(?:\.[0-9]{1,3})?)|(\?[01])|([A-Za-z*][^\s,;"]*+)'
    r'|"((?:[^"\\\x00-\x1f\x7f]|\\["\\])*+)"))?+'
    r'(?:;[ \t]*+[a-z*][a-z0-9_\-.*]*+(?:=(?:"[^"]*+"|[^\s,;"]*+))?)*+[ \t]*+'
)


@lru_cache(512)
def parse_cache_control(value: str) -> Directives:
    """The directives of a Cache-Control field, repeated fields joined by commas; names in lower case.

    Of one that stands there twice with different arguments the stricter counts: section 4.2.1 lets a cache use the
    first or consider the response stale, and for a lifetime the lower number is both careful and useful.
    """
    found: dict[str, str | None] = {}
    for match in _ELEMENT.finditer(value[:_LONGEST]):
        name, quoted, argument = match.groups()
        if quoted is not None:
            argument = re.sub(r"\\(.)", r"\1", quoted)
        if name is None:
            # Malformed; but who begins to say no-store means it, and a lifetime that cannot be read is none.
            name, argument = _BEGIN.match(match[0])[1], ""  # type: ignore[index]
        name = name.lower()
        if name in found and found[name] != argument:
            argument = _stricter(found[name], argument)
        found[name] = argument
    return found


def _stricter(first: str | None, second: str | None) -> str | None:
    """Of ``private="a"`` and ``private`` the one without argument says more."""
    if first is None or second is None:
        return None
    one, other = delta_seconds(first), delta_seconds(second)
    if one is None or other is None:
        return first if one is None else second
    return first if one <= other else second


def delta_seconds(argument: str | None) -> int | None:
    """RFC 9111 section 1.2.2. None where it is none: then the directive is malformed."""
    if argument is None or not _DIGITS.fullmatch(argument):
        return None
    digits = argument.lstrip("0") or "0"
    return min(int(digits), FOREVER) if len(digits) < 12 else FOREVER


@lru_cache(512)
def parse_targeted(value: str) -> Directives | None:
    """A targeted field (RFC 9213 section 2.1): a dictionary of structured fields (RFC 8941 section 3.2).

    A string keeps its quotes, so that none passes for a number. None where the field does not parse or holds nothing:
    it is then as if it were not there.
    """
    found: dict[str, str | None] = {}
    at, end = 0, len(value)
    if not value.strip() or end > _LONGEST:
        return None
    while True:
        match = _MEMBER.match(value, at)
        if match is None:
            return None
        name, number, truth, token, string = match.groups()
        if truth == "?0":
            found.pop(name, None)
        else:
            found[name] = number or token or (None if string is None else f'"{string}"')
        at = match.end()
        if at == end:
            return found or None
        if value[at] != "," or not value[at + 1 :].strip():
            return None
        at += 1


@lru_cache(512)
def parse_surrogate_control(value: str) -> Directives:
    """Surrogate-Control: ``max-age=60, no-store;name``, where the name behind is that of one surrogate."""
    ours = []
    for member in value[:_LONGEST].split(","):
        said, _, name = member.partition(";")
        if name.strip().lower() in ("", "hendrix"):
            # ``max-age=60+30``: 30 more, in which it may be served stale.
            ours.append(re.sub(r"(max-age=[0-9]+)\+([0-9]+)", r"\1,stale-while-revalidate=\2", said))
    return parse_cache_control(",".join(ours))
