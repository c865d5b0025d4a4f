"""How many CPUs this process may use: what ``--workers auto`` means."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hendrix.supervisor.cgroups import PROC, TREE, own_groups, read


def usable_cpus(proc: str = PROC, tree: str = TREE) -> int:
    """The CPUs of the affinity mask, or fewer where a control group grants less time; at least 1."""
    granted = quota_cpus(proc, tree)
    return _affinity() if granted is None else min(_affinity(), granted)


def quota_cpus(proc: str = PROC, tree: str = TREE) -> int | None:
    """The CPUs that the control groups grant, rounded up so at least 1; ``None`` where they set no limit.

    The tightest of the own group and all around it counts, as a group cannot get more than its parent has.
    """
    quotas = [_quota(folder) for folder in own_groups("cpu", proc, tree)]
    return min((quota for quota in quotas if quota is not None), default=None)


def _affinity() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _quota(folder: Path) -> int | None:
    """Of one group: version 2 has ``QUOTA PERIOD`` in one file, version 1 in two; ``max`` and -1 are no limit."""
    words = read(folder / "cpu.max") or f"{read(folder / 'cpu.cfs_quota_us')} {read(folder / 'cpu.cfs_period_us')}"
    try:
        quota, period = (int(word) for word in words.split())
    except ValueError:
        return None
    return -(-quota // period) if quota > 0 and period > 0 else None
