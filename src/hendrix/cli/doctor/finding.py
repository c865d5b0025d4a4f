"""One thing that is wrong, or will be."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """``id`` stays the same over versions; ``change`` is the line to change, or what to run."""

    id: str
    level: str
    what: str
    why: str
    change: str


def page(findings: list[Finding]) -> Iterator[str]:
    """For people, at most 80 columns wide; errors first."""
    for one in sorted(findings, key=lambda one: one.level != ERROR):
        yield from _wrapped(f"{one.level}: ", f"{one.what} [{one.id}]")
        yield from _wrapped("    why: ", one.why)
        yield from _wrapped("    change: ", one.change)


def _wrapped(label: str, text: str) -> list[str]:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return textwrap.wrap(plain, 80, initial_indent=label, subsequent_indent="      ", break_on_hyphens=False)
