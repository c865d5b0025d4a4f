"""A crowd of `bench.listeners` beside a server, and what it costs the server: for streams and for sockets."""

import json
import os
import sys
import time
from dataclasses import dataclass

from bench import memory, rounds
from bench.places import ROOT
from bench.process import Child, Nursery
from bench.progress import BenchError
from bench.servers import Server, Setting


@dataclass(frozen=True)
class Gathered:
    """Megabytes without and with the crowd; how many came and were there two seconds later; seconds until the last of
    those had an event, for each event."""

    server: str
    opened: int
    still: int
    seconds: float
    empty_mb: float
    full_mb: float
    heard: tuple[int, ...] = ()
    spread: tuple[float, ...] = ()

    @property
    def each(self) -> float | None:
        """Kilobytes each; None where not all stayed."""
        return (self.full_mb - self.empty_mb) * 1000 / self.still if self.still == self.opened and self.still else None


@dataclass(frozen=True)
class Plan:
    """How many come, what for, and how many events they are sent."""

    count: int
    kind: str
    events: int = 0
    setting: Setting | None = None


def _asked(crowd: Child, line: str = "") -> tuple[int, float]:
    """Read the crowd's next answer, after asking for it when `line` is given."""
    if crowd.popen.stdin is None or crowd.popen.stdout is None:
        raise BenchError("the crowd has no pipes")
    if line:
        crowd.popen.stdin.write(line + "\n")
        crowd.popen.stdin.flush()
    said = crowd.popen.stdout.readline()
    if not said:
        raise BenchError(f"the crowd of clients ended: {crowd.last_line()}")
    answer = json.loads(said)
    return int(answer["open"]), float(answer["seconds"])


def gather(nursery: Nursery, server: Server, plan: Plan) -> Gathered | None:
    """One server, alone; None where it does not come up."""
    up = rounds.start(nursery, server, plan.setting)
    if up is None:
        return None
    for _ in range(3):
        # What a server makes at its first connections is no part of the crowd's cost.
        command = [sys.executable, "-m", "bench.listeners", str(up.port), "50", plan.kind]
        first = nursery.start("crowd", command, _environment(), ROOT, core=nursery.cores.load, piped=True)
        _asked(first)
        nursery.stop(first)
        up.child.settle()
    empty = memory.pss(up.child.pids())
    command = [sys.executable, "-m", "bench.listeners", str(up.port), str(plan.count), plan.kind]
    crowd = nursery.start("crowd", command, _environment(), ROOT, core=nursery.cores.load, piped=True)
    opened, seconds = _asked(crowd)
    up.child.settle()
    time.sleep(2)
    told = [_asked(crowd, "publish") for _ in range(plan.events)]
    up.child.settle()
    full = memory.pss(up.child.pids())
    still, _ = _asked(crowd, "?")
    nursery.stop(crowd)
    nursery.stop(up.child)
    heard, spread = tuple(count for count, _ in told), tuple(late for _, late in told)
    return Gathered(server.name, opened, still, seconds, empty, full, heard, spread)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath)}
