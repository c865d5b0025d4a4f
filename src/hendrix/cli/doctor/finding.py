"""One thing that is found, and how grave it is."""

from __future__ import annotations

from collections.abc import Iterable

from hendrix.core.record import record

#: The lightest first. An error breaks the site or lets strangers in; a warning will hurt some day; an info may not.
LEVELS = ("info", "warning", "error")
INFO, WARNING, ERROR = LEVELS


@record(frozen=True)
class Finding:
    """``id`` is stable, for programs. ``change`` is the line to change, or what to run."""

    id: str
    level: str
    what: str
    why: str
    change: str


def gravest_first(found: Iterable[Finding]) -> list[Finding]:
    """Those of one level stay in their order."""
    return sorted(found, key=lambda each: -LEVELS.index(each.level))


def reaches(found: Iterable[Finding], level: str) -> bool:
    """Is one of them at ``level``, or above it?"""
    return any(LEVELS.index(each.level) >= LEVELS.index(level) for each in found)


def counted(found: Iterable[Finding]) -> str:
    """``1 error, 2 warnings``; empty where there are none."""
    levels = [each.level for each in found]
    names = {INFO: ("note", "notes"), WARNING: ("warning", "warnings"), ERROR: ("error", "errors")}
    told = [(levels.count(level), names[level]) for level in reversed(LEVELS)]
    return ", ".join(f"{count} {one if count == 1 else many}" for count, (one, many) in told if count)


def some(names: Iterable[str], most: int = 3) -> str:
    """The first few of them, and how many more there are."""
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
