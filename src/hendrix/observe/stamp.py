"""Time stamps, made once per second and then looked up.

The log is in UTC: Django moves its own processes to the project's TIME_ZONE, and one file has one zone. Apache's
format is in local time with the zone's offset; its month names are Apache's whatever the locale.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KEPT = 256


class Stamps(dict[int, str]):
    """``stamps[second]`` is the text for that second since the epoch."""

    def __init__(self, render: Callable[[int], str]) -> None:
        super().__init__()
        self._render = render

    def __missing__(self, second: int) -> str:
        if len(self) >= _KEPT:
            self.clear()
        text = self[second] = self._render(second)
        return text


def _offset(local: time.struct_time) -> str:
    minutes = local.tm_gmtoff // 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"


def apache(second: int) -> str:
    """``10/Oct/2000:13:55:36 -0700``."""
    at = time.localtime(second)
    clock = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
    return f"{at.tm_mday:02d}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}:{clock} {_offset(at)}"


def iso(second: int) -> str:
    """``2000-10-10T20:55:36.%03dZ``: the place of the milliseconds is left open."""
    at = time.gmtime(second)
    date = f"{at.tm_year:04d}-{at.tm_mon:02d}-{at.tm_mday:02d}"
    return f"{date}T{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}.%03dZ"


def iso_with_milliseconds(stamps: Stamps, moment: float) -> str:
    """``moment`` (seconds since the epoch) by way of ``Stamps(iso)``."""
    second = int(moment)
    return stamps[second] % int((moment - second) * 1000)
