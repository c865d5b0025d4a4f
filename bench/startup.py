"""From the start of the program to its first answer, against `django.setup()` alone for the same project."""

import time
from collections.abc import Mapping, Sequence

from bench import figures, probe, table
from bench.places import PROJECT, PYTHON, server_environment
from bench.process import Nursery
from bench.progress import BenchError, say
from bench.section import Section
from bench.servers import Server, Setting
from bench.tables import label

_SETUP = "import django; django.setup(); print(flush=True)"
_BARE = "setup"

Times = dict[str, float]  # milliseconds by round; JSON knows no keys but text


def _setup(nursery: Nursery) -> float:
    """Milliseconds until a Python has set Django up; its end is not measured."""
    begun = time.monotonic()
    child = nursery.start(_BARE, [str(PYTHON), "-c", _SETUP], server_environment(), PROJECT, piped=True)
    if child.popen.stdout is None or not child.popen.stdout.readline():
        raise BenchError(f"django.setup() failed: {child.last_line()}")
    taken = (time.monotonic() - begun) * 1000
    nursery.stop(child)
    return taken


def _first_answer(nursery: Nursery, server: Server) -> float | None:
    """Milliseconds until the server has answered one request; None when it does not."""
    port = probe.free_port()
    command, env = server.command(Setting(port)), server_environment(*server.import_first)
    begun = time.monotonic()
    child = nursery.start(server.name, command, env, PROJECT)
    up = probe.wait_until_up(port, child, pause=0.002)
    taken = (time.monotonic() - begun) * 1000
    if not up:
        say(f"startup: {server.name} did not come up and is left out: {child.last_line()}")
    nursery.stop(child)
    return taken if up else None


def _measure(nursery: Nursery, servers: Sequence[Server], rounds: int) -> dict[str, Times]:
    """Milliseconds by server and round. Round 0 fills the caches and does not count."""
    taken: dict[str, Times] = {name: {} for name in (_BARE, *(server.name for server in servers))}
    for number in range(rounds + 1):
        say(f"startup: round {number} of {rounds}")
        taken[_BARE][str(number)] = _setup(nursery)
        for server in servers:
            if server.name in taken:
                once = _first_answer(nursery, server)
                if once is None:
                    del taken[server.name]
                else:
                    taken[server.name][str(number)] = once
    return {name: {n: ms for n, ms in by_round.items() if n != "0"} for name, by_round in taken.items()}


def _row(name: str, of: Times, bare: Times) -> list[str]:
    more = figures.spread(of[number] - bare[number] for number in of)
    times = figures.spread(of.values())
    if times is None or more is None:
        return [name, "–", "–", "–"]
    return [
        name,
        *(f"{value:.0f}" for value in (times.median, more.median)),
        f"{times.low:.0f}–{times.high:.0f}",
    ]


def section(nursery: Nursery, servers: Sequence[Server], rounds: int) -> Section:
    """Interleaved starts, one at a time."""
    return draw(_measure(nursery, servers, rounds), rounds)


def draw(raw: Mapping[str, Times], rounds: int) -> Section:
    """What was measured, as it stands in the report."""
    rows = [
        _row("`django.setup()` alone" if name == _BARE else label(name), by_round, raw[_BARE])
        for name, by_round in raw.items()
    ]
    heads = ("server", "start to first answer, ms", "more than django.setup(), ms", "range, ms")
    text = f"Medians of {rounds} interleaved starts, one worker.\n\n" + table.markdown(heads, rows)
    return Section("startup", "Start", text, raw)
