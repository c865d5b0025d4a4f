"""Sets of HTTP statuses as people write them: ``404``, ``"404"``, ``"4xx"``, ``"400-405"``."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CLASS = re.compile(r"([1-9])xx", re.IGNORECASE)
_RANGE = re.compile(r"(\d{3})\s*-\s*(\d{3})")


def statuses(named: Iterable[int | str]) -> frozenset[int]:
    """All of them; both ends of a range belong to it. Raises ``ValueError``."""
    found: set[int] = set()
    for name in named:
        found.update(_one(name))
    return frozenset(found)


def _one(name: int | str) -> Iterable[int]:
    if isinstance(name, int) and not isinstance(name, bool):
        return (name,)
    text = str(name).strip()
    if text.isdigit() and len(text) == 3:
        return (int(text),)
    if match := _CLASS.fullmatch(text):
        return range(int(match[1]) * 100, int(match[1]) * 100 + 100)
    if (match := _RANGE.fullmatch(text)) and int(match[1]) <= int(match[2]):
        return range(int(match[1]), int(match[2]) + 1)
    raise ValueError(f"{name!r} is no status: write 404, '4xx' or '400-405'")
