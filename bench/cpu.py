"""CPU time of a server: nanoseconds, over every process of its tree.

The source is each process's own CPU clock, the one clock_getcpuclockid(3) gives: nanoseconds of the whole
thread group, with the threads that ended in it. The sum of `/proc/PID/task/*/schedstat` is the same number
without those, so servers that start a thread per request lose most of their time in it; it only stands in
where the clock cannot be read.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

_CPUCLOCK_SCHED = 2  # linux: include/linux/posix-timers.h


def process_clock(pid: int) -> int:
    """Nanoseconds the process has run, ended threads included; 0 when there is no such process."""
    try:
        return time.clock_gettime_ns((~pid << 3) | _CPUCLOCK_SCHED)
    except OSError:
        return 0


def thread_sum(pid: int) -> int:
    """Nanoseconds the living threads of a process have run."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(path.read_text().split()[0])
        except (OSError, IndexError, ValueError):
            continue
    return total


def read(pids: Iterable[int]) -> dict[int, int]:
    """Nanoseconds by process; a process that is gone is left out."""
    found = {pid: process_clock(pid) or thread_sum(pid) for pid in pids}
    return {pid: spent for pid, spent in found.items() if spent}


def spent(before: Mapping[int, int], after: Mapping[int, int]) -> int:
    """Nanoseconds between two readings; a process that is new in the second counts from its start."""
    return sum(now - before.get(pid, 0) for pid, now in after.items())


def lost(before: Mapping[int, int], after: Mapping[int, int]) -> set[int]:
    """Processes that ended between two readings: their time is not known, so the load is not valid."""
    return set(before) - set(after)
