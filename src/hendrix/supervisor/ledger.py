"""What the files held when they were last looked at, so that only another content is a change.

Editors, ``git checkout`` and ``touch`` write what was there already; reading changes nothing but times.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

from hendrix.core.record import record
from hendrix.supervisor.scope import Look

SMALL = 1 << 20
"""Bytes up to which a file is read; of a larger one a new time of modification is a change."""
_BLURRED = 50_000_000
"""Nanoseconds: two writes so close together may bear the same time (a tick of the kernel's clock)."""


@record(frozen=True)
class _Entry:
    """``look`` is what the file looked like when its content was read; ``None``: it must be read again."""

    look: Look | None
    content: bytes


class Ledger:
    """The contents of all files that matter."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def adopt(self, files: Mapping[str, Look], since: int = 0) -> None:
        """From now on it is these that matter. What is known stays as it was known: a change of it is still one.

        What is not, and was written after ``since`` (nanoseconds of Unix time; 0: whenever), is a change as well.
        """
        entries = self._entries
        self._entries = {
            path: entries.get(path) or _read(path, look)
            for path, look in files.items()
            if path in entries or not since or look.changed <= since
        }

    def lacks(self, files: Mapping[str, Look]) -> bool:
        """Whether anything looks different."""
        entries = self._entries
        if len(files) != len(entries):
            return True
        return any((entry := entries.get(path)) is None or entry.look != look for path, look in files.items())

    def update(self, files: Mapping[str, Look]) -> list[str]:
        """Take note; returns what has another content, is new, or is gone."""
        changed = [path for path in self._entries if path not in files]
        for path in changed:
            del self._entries[path]
        for path, look in files.items():
            before = self._entries.get(path)
            if before is not None and before.look == look:
                continue
            self._entries[path] = after = _read(path, look)
            if before is None or before.content != after.content:
                changed.append(path)
        return changed


def _read(path: str, look: Look) -> _Entry:
    content = _content(path, look)
    blurred = abs(time.time_ns() - look.modified) < _BLURRED
    return _Entry(None if blurred else look, content)


def _content(path: str, look: Look) -> bytes:
    if not look.regular:
        return b"special"  # who opens a pipe waits for its writer
    if look.size <= SMALL:
        try:
            with open(path, "rb") as file:
                return hashlib.blake2b(file.read(SMALL + 1), digest_size=16).digest()
        except OSError:
            pass
    return b"%d %d" % (look.size, look.modified)
