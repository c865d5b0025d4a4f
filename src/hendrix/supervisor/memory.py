"""How much memory a process has, as the kernel counts it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from hendrix.core.record import record

FRESH = 5.0
#: Seconds that may go by with looking, in ``FRESH``: who asks waits for it, and so does all that the supervisor does.
MOST = 0.1
_UNIT = 1024  # "kB" in /proc means KiB


@record(frozen=True)
class Memory:
    """Bytes: ``rss`` resident; ``pss`` the fair share, where a page that N processes share counts 1/N."""

    rss: int
    pss: int | None


def memory(pid: int, proc: str = "/proc") -> Memory | None:
    """The memory of ``pid``; ``pss`` is ``None`` where the kernel does not let us see it.

    ``None`` where there is no such process, it has ended and is not reaped yet, or the system has no ``/proc``.
    """
    return _rollup(Path(proc, str(pid)) / "smaps_rollup") or glance(pid, proc)


def glance(pid: int, proc: str = "/proc") -> Memory | None:
    """The same without the ``pss``, which is what takes time."""
    return _statm(Path(proc, str(pid)) / "statm")


class Memories:
    """What was found a moment ago: the kernel walks through all pages of a process, which takes milliseconds, and far
    more where many processes want the processors. Past ``MOST`` only ``glance`` is asked, which costs nothing."""

    def __init__(
        self,
        look: Callable[[int], Memory | None] = memory,
        glance: Callable[[int], Memory | None] = glance,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._look, self._glance, self._clock = look, glance, clock
        self._known: dict[int, tuple[float, Memory | None]] = {}
        self._since, self._spent = -FRESH, 0.0

    def of(self, pid: int, now: float) -> Memory | None:
        """See ``memory``; up to ``FRESH`` seconds old. Without a ``pss`` where there was no time to find it out."""
        known = self._known.get(pid)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        if now - self._since >= FRESH:
            self._since, self._spent = now, 0.0
            self._known = {other: row for other, row in self._known.items() if now - row[0] < FRESH}
        if self._spent >= MOST:
            return self._glance(pid)
        began = self._clock()
        self._known[pid] = now, self._look(pid)
        self._spent += self._clock() - began
        return self._known[pid][1]


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
