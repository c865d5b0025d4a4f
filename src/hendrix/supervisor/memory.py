"""How much memory a process has, as the kernel counts it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FRESH = 5.0
_UNIT = 1024  # "kB" in /proc means KiB


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: ``rss`` resident; ``pss`` the fair share, where a page that N processes share counts 1/N."""

    rss: int
    pss: int | None


def memory(pid: int, proc: str = "/proc") -> Memory | None:
    """The memory of ``pid``; ``pss`` is ``None`` where the kernel does not let us see it.

    ``None`` where there is no such process, it has ended and is not reaped yet, or the system has no ``/proc``.
    """
    folder = Path(proc, str(pid))
    return _rollup(folder / "smaps_rollup") or _statm(folder / "statm")


class Memories:
    """What was found a moment ago: the kernel walks through all pages of a process, which takes milliseconds."""

    def __init__(self, look: Callable[[int], Memory | None] = memory) -> None:
        self._look = look
        self._known: dict[int, tuple[float, Memory | None]] = {}

    def of(self, pid: int, now: float) -> Memory | None:
        """See ``memory``; up to ``FRESH`` seconds old."""
        known = self._known.get(pid)
        if known is None or now - known[0] >= FRESH:
            for other in [other for other, (at, _) in self._known.items() if now - at >= FRESH]:
                del self._known[other]
            known = self._known[pid] = now, self._look(pid)
        return known[1]


def _rollup(file: Path) -> Memory | None:
    sizes: dict[str, int] = {}
    for line in _read(file).splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            sizes[name] = int(rest.split()[0]) * _UNIT
    return Memory(sizes["Rss"], sizes["Pss"]) if len(sizes) == 2 else None


def _statm(file: Path) -> Memory | None:
    """Everybody may read this one. A process that has ended has no pages left."""
    words = _read(file).split()
    resident = int(words[1]) * os.sysconf("SC_PAGE_SIZE") if len(words) > 1 else 0
    return Memory(resident, None) if resident else None


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii", errors="replace")
    except OSError:
        return ""  # gone, perhaps between opening and reading; or another user's
