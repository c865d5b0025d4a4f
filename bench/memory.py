"""Memory of a server: proportional set size and peak resident size, in megabytes (10**6 bytes)."""

import re
from collections.abc import Iterable
from pathlib import Path

_KIB = 1024 / 1e6


def field(text: str, name: str) -> int:
    """The kibibytes of a `Name:   123 kB` line; 0 when there is none."""
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _sum(pids: Iterable[int], file: str, name: str) -> float:
    total = 0
    for pid in pids:
        try:
            total += field(Path(f"/proc/{pid}/{file}").read_text(), name)
        except OSError:
            continue
    return total * _KIB


def pss(pids: Iterable[int]) -> float:
    """Megabytes these processes hold now; a page shared by n processes counts 1/n in each."""
    return _sum(pids, "smaps_rollup", "Pss")


def peak(pids: Iterable[int]) -> float:
    """Megabytes these processes held at their largest, shared pages counted in each."""
    return _sum(pids, "status", "VmHWM")
