"""Whether the kernel has killed for lack of memory: a worker's SIGKILL alone does not say who sent it."""

from __future__ import annotations

from pathlib import Path

from hendrix.supervisor.cgroups import PROC, TREE, own_groups, read


class OutOfMemory:
    """The kernel's counter of such kills, watched from the moment this is made.

    The counter of the own control group is exact: it counts every victim in it, whichever group's or machine's
    limit was met, and before the victim is signalled. The machine's (``/proc/vmstat``) also counts other
    people's, so it is used only where the group has none.
    """

    def __init__(self, proc: str = PROC, tree: str = TREE) -> None:
        self._proc = proc
        self._tree = tree
        self._seen = self._counter()

    def look(self) -> bool:
        """Whether it has killed since the last look. ``False`` where nothing tells."""
        before, self._seen = self._seen, self._counter()
        # Another file: we were moved to another group, whose past says nothing.
        return self._seen[0] == before[0] and self._seen[1] > before[1]

    def _counter(self) -> tuple[Path | None, int]:
        for file in self._files():
            count = _kills(read(file))
            if count is not None:
                return file, count
        return None, 0

    def _files(self) -> list[Path]:
        own = own_groups("memory", self._proc, self._tree)[:1]
        # Version 2, version 1, and the machine.
        return [
            *(folder / name for folder in own for name in ("memory.events", "memory.oom_control")),
            Path(self._proc, "vmstat"),
        ]


def _kills(text: str) -> int | None:
    """All three files have a line ``oom_kill N`` since Linux 4.13; the root group of version 2 has no file."""
    for line in text.splitlines():
        name, _, count = line.partition(" ")
        if name == "oom_kill" and count.isdecimal():
            return int(count)
    return None
