"""Freshness and age (RFC 9111 section 4.2): pure arithmetic, with every clock as an argument."""

from __future__ import annotations

import re

from hendrix.cache.directives import FOREVER, Directives, delta_seconds
from hendrix.core.dates import parse_http_date

#: Section 4.2.2 suggests a tenth of the time since the last change; and a day is the most.
_FRACTION = 0.1
_MOST_BY_GUESS = 86400.0

#: RFC 9110 section 15.1: statuses that may be kept without being told to.
HEURISTIC = frozenset(("200", "203", "204", "300", "301", "308", "404", "405", "410", "414", "501"))
_AGE = re.compile(r"[ \t]*([0-9]+)[ \t]*(?:,.*)?")


def lifetime(directives: Directives, expires: str | None, date: float, *, targeted: bool = False) -> float | None:
    """Section 4.2.1: seconds of freshness that a shared cache is told, or None where nothing is.

    ``expires`` is the value of that field, which has no say beside a targeted one (RFC 9213 section 2.2); ``date`` is
    the response's own Date (seconds since the epoch), or when it came. A malformed value counts as stale.
    """
    for name in ("s-maxage", "max-age"):
        if name in directives:
            seconds = delta_seconds(directives[name])
            return 0.0 if seconds is None else float(seconds)
    if expires is None or targeted:
        return None
    # Section 5.3: an invalid date, "0" above all, is a time in the past.
    moment = parse_http_date(expires.strip().encode("latin-1", "replace"), date)
    return 0.0 if moment is None else max(0.0, min(moment - date, float(FOREVER)))


def guessed(last_modified: str | None, date: float) -> float:
    """Section 4.2.2: heuristic freshness, for who asked for it."""
    if last_modified is None:
        return 0.0
    moment = parse_http_date(last_modified.strip().encode("latin-1", "replace"), date)
    return 0.0 if moment is None else max(0.0, min((date - moment) * _FRACTION, _MOST_BY_GUESS))


def age_value(value: str | None) -> float:
    """Section 5.1: the Age that an answer carries; 0 where there is none or it is malformed. The first counts."""
    if value is None:
        return 0.0
    match = _AGE.fullmatch(value)
    return 0.0 if match is None else float(delta_seconds(match[1]) or 0)


def initial_age(age: float, date: float | None, received: float, delay: float) -> float:
    """Section 4.2.3: ``corrected_initial_age``.

    ``date`` is what the response's Date says and ``received`` when it came, both by the wall clock; ``delay`` is how
    long it took from the request, by a clock that nobody sets. The application runs on this machine and by this clock,
    so a Date in the past is meant; one in the future is not (section 4.2.3 has no negative age).
    """
    apparent = 0.0 if date is None else max(0.0, received - date)
    return max(apparent, age + max(0.0, delay))
