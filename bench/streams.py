"""What open event streams cost, and how soon an event is with everybody: a crowd of listeners on one worker."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict

from bench import gathering, table
from bench.gathering import Gathered
from bench.process import Nursery
from bench.progress import say
from bench.section import Section
from bench.servers import Server
from bench.tables import label

_EVENTS = 5
_HEADS = (
    "server", "opened", "open after events", "seconds to open", "empty, PSS MB", "with them, PSS MB", "kB each",
    "event to all, s", "slowest, s",
)  # fmt: skip


def _row(one: Gathered) -> list[str]:
    complete = bool(one.heard) and set(one.heard) == {one.opened}
    median, slowest = (statistics.median(one.spread), max(one.spread)) if complete else (None, None)
    figures = (one.seconds, one.empty_mb, one.full_mb, one.each, median, slowest)
    return [label(one.server), f"{one.opened:,}", f"{one.still:,}", *map(table.number, figures)]


def section(nursery: Nursery, servers: Sequence[Server], count: int) -> Section:
    """One server after the other, each alone."""
    found = []
    for server in servers:
        say(f"streams: {count:,} listeners to {server.name}")
        one = gathering.gather(nursery, server, gathering.Plan(count, "events", _EVENTS))
        if one:
            found.append(one)
    text = (
        f"{count:,} clients listen to an event stream of one Django project (`EventStream`, heartbeat on, default "
        f"middleware). {_EVENTS} times an event is sent to all of them: seconds from asking for it until the last has "
        "read it.\n\n" + table.markdown(_HEADS, map(_row, found))
    )
    return Section("streams", "Event streams", text, [asdict(one) for one in found])
