"""The section of the workloads: one table each, and the plots."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench import figures, plot, table
from bench.floor import FLOOR
from bench.rounds import Plan, Sample
from bench.section import Section
from bench.servers import HENDRIX, of_suite
from bench.workloads import WORKLOADS, Workload

_FLOOR_LABEL = "Django alone"


@dataclass(frozen=True)
class Kind:
    """Workloads that make a section of their own; `prefix` is that of the files of its pictures, `beside` what costs
    are compared with, as well as with ours."""

    key: str
    title: str
    suites: tuple[str, ...]
    prefix: str = ""
    beside: str = FLOOR


REQUESTS = Kind("loads", "Requests", ("sync",))
ASYNC = Kind("async", "Async views", ("async", "pair"), "async-")
FILES = Kind("files", "Static files", ("files",), "files-", "nginx")
RESOURCE = Kind("resource", "Twisted resources", ("resource",), "resource-", "twisted")
CACHED = Kind("cached", "Cached pages", ("cached", "uncached"), "cached-", "nginx-cache")
KINDS = (REQUESTS, ASYNC, FILES, CACHED, RESOURCE)


def label(name: str) -> str:
    """A server's name as readers know it."""
    first, _, kind = name.partition("-")
    known = {FLOOR: _FLOOR_LABEL, "uwsgi": "uWSGI", "twisted": "twist web"}
    shown = known.get(first, first if first in ("gunicorn", "waitress", "uvicorn", "nginx") else first.title())
    return f"{shown} ({kind.upper() if kind in ('asgi', 'wsgi') else kind})" if kind else shown


def _names(samples: Sequence[Sample], workload: str) -> list[str]:
    """The floor, then the servers in the order of their CPU per request; those without a valid round last."""
    present = {one.server for one in samples if one.workload == workload}

    def cost(name: str) -> tuple[bool, float]:
        found = figures.middle(one.cpu_us for one in figures.valid(samples, workload, name))
        return (name != FLOOR, found if found is not None else float("inf"))

    return sorted(present, key=cost)


def _rounds(samples: Sequence[Sample], workload: str, name: str) -> str:
    """`7`, or `5 of 7: 3 timeout errors` where some do not count."""
    every = [one for one in samples if one.workload == workload and one.server == name]
    bad = [one.errors for one in every if one.errors]
    return f"{len(every) - len(bad)} of {len(every)}: {bad[-1]}" if bad else str(len(every))


def _row(samples: Sequence[Sample], workload: str, name: str, beside: str) -> list[str]:
    counted = figures.valid(samples, workload, name)

    def median(field: str) -> str:
        return table.number(figures.middle(float(getattr(one, field)) for one in counted))

    def against(other: str) -> str:
        found = figures.ratio(samples, workload, name, other)
        return table.number(found.median if found else None)

    served = name != FLOOR
    fields = ("p50_ms", "p99_ms", "pss_mb", "peak_mb")
    return [
        label(name), median("rate") if served else "–", median("cpu_us"), against(beside), against(HENDRIX),
        *(median(field) if served else "–" for field in fields), _rounds(samples, workload, name),
    ]  # fmt: skip


def workload_table(samples: Sequence[Sample], workload: str, beside: str = FLOOR) -> str:
    """The table of one workload."""
    heads = (
        "server", "requests/s", "CPU µs/request", f"CPU / {'floor' if beside == FLOOR else label(beside)}",
        f"CPU / {label(HENDRIX)}", "p50 ms", "p99 ms", "PSS MB", "peak RSS MB", "rounds",
    )  # fmt: skip
    return table.markdown(heads, (_row(samples, workload, name, beside) for name in _names(samples, workload)))


def _panel(samples: Sequence[Sample], workload: Workload, field: str) -> plot.Panel:
    bars = []
    for name in _names(samples, workload.name):
        counted = figures.valid(samples, workload.name, name)
        value = figures.middle(float(getattr(one, field)) for one in counted)
        if value and not (name == FLOOR and field == "rate"):
            kind = {HENDRIX: "first", FLOOR: "floor"}.get(name, "bar")
            bars.append(plot.Bar(label(name), value, table.number(value), kind))
    return plot.Panel(workload.title, bars)


def _pictures(samples: Sequence[Sample], workloads: Sequence[Workload], prefix: str) -> dict[str, str]:
    costs = [_panel(samples, one, "cpu_us") for one in workloads]
    rates = [_panel(samples, one, "rate") for one in workloads]
    cost_unit, rate_unit = (
        "microseconds, every process of a server; less is better",
        "one worker on one core; more is better",
    )
    return {
        f"{prefix}cpu.svg": plot.svg("CPU time per request", cost_unit, costs),
        f"{prefix}requests.svg": plot.svg("Requests per second", rate_unit, rates),
    }


def _chapter(samples: Sequence[Sample], workload: Workload, plan: Plan, beside: str) -> list[str]:
    """One workload: heading, remarks, table."""
    parts = [
        f"### {workload.name}: {workload.title}",
        f"{plan.connections_of(workload)} connections. {workload.note}".strip(),
        workload_table(samples, workload.name, beside),
    ]
    present = _names(samples, workload.name)
    absent = [server.name for server in of_suite(workload.suite) if server.name not in present]
    return [*parts, f"Not measured: {', '.join(map(label, absent))}."] if absent else parts


def section(samples: Sequence[Sample], plan: Plan, kind: Kind = REQUESTS) -> Section:
    """Everything about the workloads of one kind."""
    asked = [one for one in WORKLOADS.values() if one.suite in kind.suites]
    measured = [one for one in asked if any(sample.workload == one.name for sample in samples)]
    parts = [
        f"{plan.rounds} rounds of {plan.seconds} s.",
        f"![CPU time per request]({kind.prefix}cpu.svg)",
        f"![Requests per second]({kind.prefix}requests.svg)",
    ]
    for workload in measured:
        parts += _chapter(samples, workload, plan, kind.beside)
    names = {one.name for one in measured}
    raw = [one.as_dict() for one in samples if one.workload in names]
    return Section(kind.key, kind.title, "\n\n".join(parts), raw, _pictures(samples, measured, kind.prefix))


def sections(samples: Sequence[Sample], plan: Plan) -> list[Section]:
    """A section for each kind of which something was measured."""
    found = [section(samples, plan, kind) for kind in KINDS]
    return [one for one in found if one.raw]
