"""The developer's loop: one server, or one checkout, against another, in interleaved rounds."""

from dataclasses import replace
from pathlib import Path

from bench import figures, rounds, table
from bench.floor import FLOOR, Floor
from bench.process import Nursery
from bench.progress import BenchError
from bench.rounds import Plan, Sample
from bench.servers import SERVERS, Server, Setting
from bench.workloads import Workload


def opponent(subject: Server, against: str) -> Server:
    """Another server by its name, or the same server run from another checkout by its path."""
    if against in SERVERS:
        return SERVERS[against]
    path = Path(against).expanduser().resolve()
    source = next((place for place in (path / "src", path) if (place / "hendrix").is_dir()), None)
    if source is None:
        raise BenchError(f"{against} is neither a checkout with src/hendrix nor a server ({', '.join(SERVERS)})")
    return replace(subject, name=f"{subject.name}@{path.name}", import_first=(source,))


def _line(what: str, found: figures.Spread | None) -> str:
    if found is None:
        return f"{what:34} no valid round"
    return f"{what:34} {found.low:8.3f} {found.median:8.3f} {found.high:8.3f}"


def _costs(samples: list[Sample], workload: Workload, names: list[str]) -> list[str]:
    lines = []
    for name in names:
        counted = figures.valid(samples, workload.name, name)
        rate = table.number(figures.middle(one.rate for one in counted))
        cpu_us = table.number(figures.middle(one.cpu_us for one in counted))
        lines.append(f"{name:20} {rate:>9} requests/s  {cpu_us:>8} us CPU/request")
    return lines


def compare(nursery: Nursery, subject: Server, other: Server, workload: Workload, plan: Plan) -> str:
    """Both servers and the floor, round after round; the pairwise ratios as text."""
    if subject.name == other.name:
        raise BenchError(f"{subject.name} against itself: name another server or checkout with --against")
    floor = Floor(nursery) if workload.floor else None
    setting = Setting(0, threads=workload.threads, settings=workload.settings)
    started = [rounds.start(nursery, server, setting) for server in (subject, other)]
    up = [one for one in started if one]
    if len(up) < 2:
        raise BenchError("both servers must come up")
    samples = rounds.measure(up, floor, workload, plan, nursery.cores.load)
    one, two = subject.name, other.name
    lines = [
        *_costs(samples, workload, [one, two]),
        "",
        f"{workload.name:34} {'min':>8} {'median':>8} {'max':>8}",
    ]
    lines.append(_line(f"CPU, {one} / {two}", figures.ratio(samples, workload.name, one, two)))
    lines.append(_line(f"requests/s, {one} / {two}", figures.ratio(samples, workload.name, one, two, "rate")))
    if floor:
        lines.append(_line(f"CPU, {one} / floor", figures.ratio(samples, workload.name, one, FLOOR)))
        lines.append(_line(f"CPU, {two} / floor", figures.ratio(samples, workload.name, two, FLOOR)))
    return "\n".join(lines)
