"""May a kept answer be used for a request (RFC 9111 section 4)?"""

from __future__ import annotations

from enum import IntEnum

from hendrix.cache.directives import Directives, delta_seconds
from hendrix.cache.entry import Entry

#: RFC 5861 section 4: what counts as an error.
ERRORS = frozenset(("500", "502", "503", "504"))


class Use(IntEnum):
    """What to do with a kept answer."""

    #: Serve it.
    FRESH = 0
    #: Serve it, and renew it meanwhile (RFC 5861 section 3).
    MEANWHILE = 1
    #: Serve it although it is stale: the client has asked for such (section 5.2.1.2).
    STALE = 2
    #: Renew it first (sections 4.2.4 and 4.3).
    RENEW = 3


def use_of(entry: Entry, now: float, wants: Directives) -> Use:
    """``wants`` are the directives of the request that are obeyed; ``now`` is in steady seconds."""
    if entry.no_cache:
        return Use.RENEW
    left = entry.freshness(now)
    if wants:
        if "no-cache" in wants:
            return Use.RENEW
        if "max-age" in wants and (most := delta_seconds(wants["max-age"])) is not None and entry.age(now) > most:
            return Use.RENEW
        if "min-fresh" in wants and left < (delta_seconds(wants["min-fresh"]) or 0):
            return Use.RENEW
    if left > 0:
        return Use.FRESH
    if entry.must_revalidate:
        return Use.RENEW
    late = now - entry.born - entry.lifetime
    if late < entry.while_revalidate and now >= entry.born - entry.lifetime:
        return Use.MEANWHILE
    if "max-stale" in wants:
        most = delta_seconds(wants["max-stale"])
        if wants["max-stale"] is None or (most is not None and late <= most and not entry.soft):
            return Use.STALE
    return Use.RENEW


def is_for_one(entry: Entry) -> bool:
    """Does each request have to be validated, however young it is? Then nobody gains by waiting for another's."""
    never_fresh = entry.lifetime <= 0 and (entry.must_revalidate or entry.while_revalidate <= 0)
    return entry.no_cache or never_fresh


def serves_on_error(entry: Entry, now: float, wants: Directives) -> bool:
    """Renewing it failed: may it be served all the same (RFC 5861 section 4)?"""
    if entry.must_revalidate or entry.no_cache:
        return False
    asked = delta_seconds(wants["stale-if-error"]) if "stale-if-error" in wants else None
    return now - entry.born - entry.lifetime < max(entry.if_error, float(asked or 0))
