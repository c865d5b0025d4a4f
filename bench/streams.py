"""What open event streams cost, and how soon an event is with everybody: a crowd of listeners on one worker."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict

from bench import gathering, table
from bench.gathering import Gathered
from bench.process import Nursery
from bench.progress import say
from bench.rounds import Plan
from bench.section import Raw, Section
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


def section(nursery: Nursery, servers: Sequence[Server], plan: Plan) -> Section:
    """One server after the other, each alone."""
    found = []
    for server in servers:
        say(f"streams: {plan.crowd:,} listeners to {server.name}")
        one = gathering.gather(nursery, server, gathering.Plan(plan.crowd, "events", _EVENTS))
        if one:
            found.append(asdict(one))
    return draw(found, plan)


def draw(raw: Sequence[Raw], plan: Plan) -> Section:
    """What was measured, as it stands in the report."""
    rows = [_row(Gathered(**one)) for one in raw]
    text = (
        f"{plan.crowd:,} clients listen to an event stream of one Django project (`EventStream`, heartbeat on, "
        f"default middleware). {_EVENTS} times an event is sent to all of them: seconds from asking for it until "
        "the last has read it.\n\n" + table.markdown(_HEADS, rows)
    )
    return Section("streams", "Event streams", text, raw)
