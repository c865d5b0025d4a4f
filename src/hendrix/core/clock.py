"""The wall clock in the form that HTTP wants, and a clock that nobody sets."""

from __future__ import annotations

import time
from email.utils import formatdate


def http_date(seconds: float) -> bytes:
    """``seconds`` since the epoch as an IMF-fixdate (RFC 9110 section 5.6.7)."""
    return formatdate(seconds, usegmt=True).encode()


#: Counts while the machine sleeps, where the platform can tell.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady() -> float:
    """Seconds since the machine started, asleep or not; no step of the wall clock moves them."""
    return time.clock_gettime(_CLOCK)
