"""Dates in the three forms that HTTP has had (RFC 9110 section 5.6.7)."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import datetime

_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_TIME = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_MONTH = rb"(?P<month>[A-Z][a-z]{2})"
_FORMS = (
    re.compile(
        rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<day>\d\d) " + _MONTH + rb" (?P<year>\d{4}) " + _TIME + rb" GMT"
    ),
    re.compile(
        rb"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>\d\d)-"
        + _MONTH
        + rb"-(?P<year>\d\d) "
        + _TIME
        + rb" GMT"
    ),
    re.compile(rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) " + _MONTH + rb" (?P<day>[ \d]\d) " + _TIME + rb" (?P<year>\d{4})"),
)


def parse_http_date(text: bytes, now: float) -> int | None:
    """Seconds since the epoch, or None where ``text`` is no HTTP-date.

    ``now`` (seconds since the epoch) places the two digits that RFC 850 gave a year.
    """
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return _seconds(match, now)
    return None


def _seconds(match: re.Match[bytes], now: float) -> int | None:
    month = _MONTHS.get(match["month"])
    year = int(match["year"])
    if len(match["year"]) == 2:
        year = _nearest(year, 1970 + int(now // 31_556_952))
    try:
        # A leap second (60) is the first of the next minute, as POSIX counts.
        second = int(match["second"])
        moment = datetime(year, month or 0, int(match["day"]), int(match["hour"]), int(match["minute"]))
    except ValueError:
        return None
    return timegm(moment.timetuple()) + second if second <= 60 else None


def _nearest(digits: int, this_year: int) -> int:
    """A year that seems to be more than 50 years ahead is the last past one that ends so."""
    year = this_year - this_year % 100 + digits
    return year - 100 if year > this_year + 50 else year
