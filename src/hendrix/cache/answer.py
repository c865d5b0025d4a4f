"""What the head of an answer says to a cache, read in one pass."""

from __future__ import annotations

from dataclasses import dataclass

from hendrix.cache.directives import NONE, Directives, parse_cache_control, parse_surrogate_control, parse_targeted
from hendrix.core.http import ResponseHeaders

#: Fields with a say, in lower case; of all others nothing is read.
READ = frozenset(
    (
        "age",
        "cache-control",
        "cache-tag",
        "cdn-cache-control",
        "content-encoding",
        "content-location",
        "content-range",
        "content-type",
        "date",
        "etag",
        "expires",
        "hendrix-cache-control",
        "last-modified",
        "location",
        "set-cookie",
        "surrogate-control",
        "surrogate-key",
        "vary",
        "x-accel-redirect",
        "x-sendfile",
    )
)
#: RFC 9213: the targeted fields that are ours, the more specific one first.
TARGETED = ("hendrix-cache-control", "cdn-cache-control")
#: Fields that only the first of counts; of others repeated ones are joined (RFC 9110 section 5.3).
_SINGLE = frozenset(("date", "etag", "last-modified", "content-type", "location", "content-location"))
#: What came before those, from the Edge Architecture Specification.
_SURROGATE = "surrogate-control"
_lower: dict[str, str] = {}
_REMEMBERED = 1000


@dataclass(slots=True)
class Head:
    """``fields`` are those of ``READ``; ``directives`` those that govern us."""

    status: str
    fields: dict[str, str]
    directives: Directives
    #: A targeted field governs: Cache-Control and Expires have no say (RFC 9213 section 2.2).
    targeted: bool

    @property
    def code(self) -> str:
        """``"200"``."""
        return self.status[:3]


def read_head(status: str, headers: ResponseHeaders) -> Head:
    """Raises ``TypeError`` or ``ValueError`` where they are no headers at all."""
    fields: dict[str, str] = {}
    for name, value in headers:
        lower = _lower.get(name) or _learn(name)
        if lower == "-":
            continue
        if lower not in fields:
            fields[lower] = value
        elif lower not in _SINGLE:
            fields[lower] = f"{fields[lower]}, {value}"
    for name in TARGETED:
        if name in fields:
            directives = parse_targeted(fields[name])
            if directives is not None:
                return Head(status, fields, directives, targeted=True)
    if _SURROGATE in fields:
        directives = parse_surrogate_control(fields[_SURROGATE])
        if directives:
            return Head(status, fields, directives, targeted=True)
    directives = parse_cache_control(fields["cache-control"]) if "cache-control" in fields else NONE
    return Head(status, fields, directives, targeted=False)


def _learn(name: str) -> str:
    lower = name.lower()
    lower = lower if lower in READ else "-"
    if len(_lower) < _REMEMBERED:
        _lower[name] = lower
    return lower
