"""What idle keep-alive connections cost: the growth of one worker's memory under a crowd of them."""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bench import memory, rounds, table
from bench.places import ROOT
from bench.process import Child, Nursery
from bench.progress import BenchError, say
from bench.rounds import Plan
from bench.section import Raw, Section
from bench.servers import Server
from bench.tables import label
from bench.workloads import WORKLOADS


@dataclass(frozen=True)
class Crowded:
    """Megabytes of a server without and with the crowd; connections open at first and two seconds later."""

    server: str
    opened: int
    still: int
    empty_mb: float
    full_mb: float

    @property
    def growth(self) -> float:
        """Megabytes for the whole crowd."""
        return self.full_mb - self.empty_mb


def _say_to(crowd: Child, line: str = "") -> int:
    """Read the crowd's next count, after asking for it when `line` is given."""
    if crowd.popen.stdin is None or crowd.popen.stdout is None:
        raise BenchError("the crowd has no pipes")
    if line:
        crowd.popen.stdin.write(line)
        crowd.popen.stdin.flush()
    said = crowd.popen.stdout.readline()
    if not said:
        raise BenchError(f"the crowd of clients ended: {crowd.last_line()}")
    return int(json.loads(said)["open"])


def _crowded(nursery: Nursery, server: Server, count: int) -> Crowded | None:
    up = rounds.start(nursery, server)
    if up is None:
        return None
    rounds.warm_up(up, WORKLOADS["hello"], Plan(), nursery.cores.load)
    empty = memory.pss(up.child.pids())
    opened, still, full = crowd_of(nursery, up.child, up.port, count)
    nursery.stop(up.child)
    return Crowded(server.name, opened, still, empty, full)


def crowd_of(nursery: Nursery, child: Child, port: int, count: int, *, secure: bool = False) -> tuple[int, int, float]:
    """Connections opened, open two seconds later, and megabytes of the server with them."""
    command = [sys.executable, "-m", "bench.crowd", str(port), str(count), *(["tls"] if secure else [])]
    env = {"PATH": os.environ.get("PATH", os.defpath)}
    crowd = nursery.start("crowd", command, env, ROOT, core=nursery.cores.load, piped=True)
    opened = _say_to(crowd)
    child.settle()
    time.sleep(2)
    full = memory.pss(child.pids())
    still = _say_to(crowd, "?\n")
    nursery.stop(crowd)
    return opened, still, full


def _row(one: Crowded) -> list[str]:
    each = one.growth * 1000 / one.still if one.still == one.opened else None
    figures = (one.empty_mb, one.full_mb, one.growth, each)
    return [label(one.server), f"{one.opened:,}", f"{one.still:,}", *map(table.number, figures)]


def section(nursery: Nursery, servers: Sequence[Server], plan: Plan) -> Section:
    """One server after the other, each alone."""
    found = []
    for server in servers:
        say(f"idle: {plan.crowd:,} connections to {server.name}")
        one = _crowded(nursery, server, plan.crowd)
        if one:
            found.append(asdict(one))
    return draw(found, plan)


def draw(raw: Sequence[Raw], plan: Plan) -> Section:
    """What was measured, as it stands in the report."""
    rows = [_row(Crowded(**one)) for one in raw]
    heads = (
        "server",
        "opened",
        "open after 2 s",
        "empty, PSS MB",
        "with them, PSS MB",
        "growth MB",
        "kB each",
    )
    text = f"{plan.crowd:,} clients ask once each and keep the connection.\n\n" + table.markdown(heads, rows)
    return Section("idle", "Idle connections", text, raw)
