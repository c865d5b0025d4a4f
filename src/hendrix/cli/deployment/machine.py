"""Machines behind a load balancer, as the command line names them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hendrix.core.errors import UsageError

_SERVER = re.compile(r"(?:([A-Za-z0-9_.-]+)=)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Machine:
    """One behind it. ``port`` is 0 where the configuration says it."""

    name: str
    host: str
    port: int = 0


def machines(text: str) -> tuple[Machine, ...]:
    """``one=10.0.0.11:8000,two=10.0.0.12``. Raises ``UsageError``."""
    found = []
    for number, word in enumerate((word.strip() for word in text.split(",") if word.strip()), 1):
        match = _SERVER.fullmatch(word)
        if not match or not 0 < int(match[3] or 1) < 65536:
            raise UsageError(f"--server: {word!r} is no server; give NAME=HOST:PORT, as in one=10.0.0.11:8000")
        found.append(Machine(match[1] or f"server{number}", match[2], int(match[3] or 0)))
    if len({each.name for each in found}) != len(found):
        raise UsageError("--server: two have one name; give each its own")
    return tuple(found)
