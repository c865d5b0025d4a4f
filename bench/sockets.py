"""WebSockets through an ASGI application: the CPU of an echoed message, and what idle ones hold."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

from bench import cpu, figures, flood, gathering, memory, plot, rounds, table
from bench.gathering import Gathered
from bench.load import Load, Report, Sent
from bench.places import ROOT
from bench.process import Nursery
from bench.progress import BenchError, say
from bench.rounds import Contender, Plan, Sample
from bench.section import Raw, Section
from bench.servers import HENDRIX, Server, Setting
from bench.tables import label

_ECHO = "echo"
_RAMP = 0.3
_SETTING = Setting(0, asgi="project.sockets:application")
_HEADS = ("server", "messages/s", "CPU µs/message", f"CPU / {HENDRIX.title()}", "peak RSS MB", "rounds")
_IDLE_HEADS = (
    "server",
    "opened",
    "open after 2 s",
    "seconds to open",
    "empty, PSS MB",
    "with them, PSS MB",
    "growth MB",
)


def read_report(said: str, complaint: str) -> Report:
    """What `bench.flood` printed."""
    words = said.split()
    if not words or words[0] != "sent":
        return Report(0, 0.0, 0.0, (complaint.strip().splitlines() or ["it said nothing"])[-1], Sent(0.0, ()))
    counts = tuple(map(int, words[2:]))
    return Report(sum(counts), 0.0, 0.0, "", Sent(int(words[1]) * 0.01, counts))


def _flooded(one: Contender, number: int, seconds: float, core: int) -> Sample:
    """One load, with the window in which it is steady."""

    def pin() -> None:
        os.sched_setaffinity(0, {core})

    one.child.pids()
    command = [sys.executable, "-m", "bench.flood", str(one.port), str(_RAMP + seconds + 0.3)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=pin,  # noqa: PLW1509 - the bench has one thread
    ) as load:  # fmt: skip
        try:
            time.sleep(_RAMP + 0.3)  # the second is what its own start takes
            begin = one.child.reading()
            time.sleep(max(seconds - 0.5, 0.3))
            end = one.child.reading()
            said, complaint = load.communicate(timeout=seconds + 30)
        except subprocess.TimeoutExpired as error:
            raise BenchError("the flood does not end") from error
        finally:
            load.kill()
    seen = Load(read_report(said, complaint), begin, end)
    one.child.settle()
    spent = cpu.spent(begin.cpu, end.cpu) / 1000
    return Sample(
        _ECHO, one.name, number, round(seen.requests), spent / max(seen.requests, 1), seen.requests / seen.seconds,
        peak_mb=memory.peak(one.child.pids()), errors=seen.errors,
    )  # fmt: skip


def _echoes(nursery: Nursery, servers: Sequence[Server], plan: Plan) -> list[Sample]:
    """Interleaved rounds, after one that does not count."""
    up = [one for one in (rounds.start(nursery, server, _SETTING) for server in servers) if one]
    samples: list[Sample] = []
    for number in range(plan.rounds + 1):
        say(f"sockets: round {number} of {plan.rounds}")
        by = number % max(len(up), 1)
        for one in [*up[by:], *up[:by]]:
            sample = _flooded(one, number, plan.seconds, nursery.cores.load)
            if sample.errors:
                say(f"sockets: {one.name}: {sample.errors}; not counted")
            if number:
                samples.append(sample)
    for one in up:
        nursery.stop(one.child)
    return samples


def _cost(samples: Sequence[Sample], name: str) -> float | None:
    return figures.middle(one.cpu_us for one in figures.valid(samples, _ECHO, name))


def _names(samples: Sequence[Sample]) -> list[str]:
    return sorted({one.server for one in samples}, key=lambda name: _cost(samples, name) or float("inf"))


def _row(samples: Sequence[Sample], name: str) -> list[str]:
    every, counted = [one for one in samples if one.server == name], figures.valid(samples, _ECHO, name)
    against = figures.ratio(samples, _ECHO, name, HENDRIX)
    values = (figures.middle(one.rate for one in counted), _cost(samples, name), against.median if against else None,
              figures.middle(one.peak_mb for one in counted))  # fmt: skip
    bad = [one.errors for one in every if one.errors]
    valid = f"{len(counted)} of {len(every)}: {bad[-1]}" if bad else str(len(every))
    return [label(name), *map(table.number, values), valid]


def _idle_row(one: Gathered) -> list[str]:
    growth = one.full_mb - one.empty_mb if one.each is not None else None
    values = (one.seconds, one.empty_mb, one.full_mb, growth)
    return [label(one.server), f"{one.opened:,}", f"{one.still:,}", *map(table.number, values)]


def _picture(samples: Sequence[Sample]) -> str:
    costs = [(name, cost) for name in _names(samples) if (cost := _cost(samples, name))]
    bars = [
        plot.Bar(label(name), cost, table.number(cost), "first" if name == HENDRIX else "bar") for name, cost in costs
    ]
    unit = "microseconds, every process of a server; less is better"
    return plot.svg("CPU time per WebSocket message", unit, [plot.Panel(f"Echo of {flood.SIZE} bytes", bars)])


def section(nursery: Nursery, servers: Sequence[Server], plan: Plan) -> Section:
    """The echo in interleaved rounds, then `plan.crowd` idle sockets to one server after the other."""
    samples = _echoes(nursery, servers, plan)
    found = []
    for server in servers:
        say(f"sockets: {plan.crowd:,} idle ones to {server.name}")
        one = gathering.gather(nursery, server, gathering.Plan(plan.crowd, "websocket", setting=_SETTING))
        if one:
            found.append(asdict(one))
    return draw({"echo": [one.as_dict() for one in samples], "idle": found}, plan)


def draw(raw: dict[str, list[Raw]], plan: Plan) -> Section:
    """What was measured, as it stands in the report."""
    samples = [Sample(**one) for one in raw["echo"]]
    found = [Gathered(**one) for one in raw["idle"]]
    echo = (
        f"Text of {flood.SIZE} bytes, echoed by an ASGI application; {flood.SOCKETS} sockets with {flood.UNDER_WAY} "
        f"messages under way on each. No compression. {plan.rounds} rounds of {plan.seconds} s."
    )
    parts = [
        "![CPU time per message](sockets.svg)",
        echo,
        table.markdown(_HEADS, [_row(samples, name) for name in _names(samples)]),
        f"{plan.crowd:,} sockets, each of which has had one message echoed.",
        table.markdown(_IDLE_HEADS, map(_idle_row, found)),
    ]
    return Section("sockets", "WebSockets", "\n\n".join(parts), raw, {"sockets.svg": _picture(samples)})
