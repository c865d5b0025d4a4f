"""The report: facts, method, sections; Markdown, JSON with every raw round, SVG.

Each section is kept with what it was measured on, so that one can be measured anew without the others.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import hub, idle, life, many, multiplexed, sockets, startup, streams, tables, tasks, tls, workers
from bench.places import ROOT
from bench.progress import BenchError
from bench.rounds import Plan, Sample
from bench.section import Raw, Section
from bench.servers import SERVERS
from bench.tables import label

_BUSY = 1.0  # load average, from which on figures are not those of a machine of one's own
PLACE = ROOT / "docs" / "benchmarks"
_METHOD = (
    "Each server has one worker process pinned to one core; wrk, on one thread, is pinned to another.",
    "All servers are up at once and are loaded in turn, round after round, in an order that turns.",
    "CPU and requests are counted in a window inside each load, once it is steady: nanoseconds, over every "
    "process of the server, threads that ended included.",
    "Figures are medians. Ratios are the median of the ratios within each round, so that other work on the "
    "machine cancels out. Rounds with errors do not count.",
    '"Django alone" is the floor: the WSGI handler called in a loop in a process on the server\'s core. '
    "PSS counts a page that several servers share in parts.",
)


@dataclass(frozen=True)
class Occasion:
    """On what and how something was measured: facts of the machine, versions by distribution, the plan."""

    facts: Mapping[str, str]
    versions: Mapping[str, str]
    plan: Plan

    def tidy(self) -> "Occasion":
        """With the versions that a reader may ask for."""
        names = ("django", *(one.distribution for one in SERVERS.values()))
        return Occasion(self.facts, {name: self.versions.get(name, "?") for name in names}, self.plan)


def _loads(kind: tables.Kind) -> Callable[[Any, Plan], Section]:
    return lambda raw, plan: tables.section([Sample(**one) for one in raw], plan, kind)


# How each section is drawn from its raw figures, in the order in which they stand.
_DRAWN: dict[str, Callable[[Any, Plan], Section]] = {
    **{kind.key: _loads(kind) for kind in tables.KINDS},
    "http2": multiplexed.draw,
    "many": lambda raw, plan: many.draw(raw),
    "streams": streams.draw,
    "sockets": sockets.draw,
    "hub": hub.draw,
    "tasks": tasks.draw,
    "tls": tls.draw,
    "idle": idle.draw,
    "workers": lambda raw, plan: workers.draw(raw),
    "startup": lambda raw, plan: startup.draw(raw, plan.rounds),
    "life": lambda raw, plan: life.draw(raw),
}


@dataclass(frozen=True)
class Part:
    """A section and the occasion on which it was measured."""

    section: Section
    occasion: Occasion

    def as_dict(self) -> Raw:
        """For the JSON file."""
        return {**asdict(self.occasion), "raw": self.section.raw}


def part(key: str, kept: Raw) -> Part:
    """A part as the JSON file has it."""
    occasion = Occasion(kept["facts"], kept["versions"], Plan(**kept["plan"]))
    return Part(_DRAWN[key](kept["raw"], occasion.plan), occasion)


def read(out: Path) -> dict[str, Part]:
    """The parts of an earlier report, by key; none where there is no report."""
    path = out / "results.json"
    if not path.exists():
        return {}
    try:
        return {key: part(key, kept) for key, kept in json.loads(path.read_text()).items()}
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(
            f"{path} is not a report of this bench ({error}): move it away, or name another --out"
        ) from error


def _servers(versions: Mapping[str, str]) -> dict[str, str]:
    """The versions that are known, by the names that readers know."""
    named = {label(one.name): versions.get(one.distribution, "?") for one in SERVERS.values() if "-" not in one.name}
    return {name: version for name, version in named.items() if version != "?"}


def _machine(of: Occasion) -> dict[str, str]:
    facts, django = of.facts, of.versions.get("django", "?")
    return {
        "Machine": f"{facts['processor']}, {facts['memory']}, {facts['kernel']}",
        "Python": f"{facts['python']}, Django {django}, wrk {facts['wrk']}",
    }


def _measured(of: Occasion, newest: Occasion) -> str:
    """When a section was measured, and on what, where that is not what stands at the head of the page."""
    head = _machine(newest) | _servers(newest.versions)
    own = _machine(of) | _servers(of.versions)
    others = [f"{name} {value}" for name, value in own.items() if value != head.get(name, value)]
    line = f"Measured on {of.facts['date']}, commit {of.facts.get('commit', '?')}"
    if float(load := of.facts.get("load", "0")) >= _BUSY:
        line += f", on a machine that others used at the same time (load {load} before it began)"
    return f"{line} ({'; '.join(others)})." if others else f"{line}."


def markdown(parts: Sequence[Part]) -> str:
    """The whole page. Its head is that of the newest part."""
    newest = max((one.occasion for one in reversed(parts)), key=lambda occasion: occasion.facts["date"])
    servers = ", ".join(f"{name} {version}" for name, version in _known(parts, newest).items())
    lines = [*(f"- {name}: {value}" for name, value in _machine(newest).items()), f"- Servers: {servers}"]
    method = "\n".join(f"{number}. {line}" for number, line in enumerate(_METHOD, 1))
    again = "make bench    # or parts of it: bench/README.md"
    head = [
        "# Benchmarks",
        "Measured by `bench/`; absolute times depend on the machine, the ratios much less.",
        "\n".join(lines),
        f"## Method\n\n{method}\n\nTo repeat it:\n\n```\n{again}\n```",
    ]
    return "\n\n".join([*head, *(_text(one, newest) for one in parts)])


def _known(parts: Sequence[Part], newest: Occasion) -> dict[str, str]:
    """The newest versions; those of older parts where the newest does not know one."""
    older = [_servers(one.occasion.versions) for one in parts]
    merged = {name: version for known in (*older, _servers(newest.versions)) for name, version in known.items()}
    return {name: merged[name] for name in map(label, SERVERS) if name in merged}


def _text(one: Part, newest: Occasion) -> str:
    heading, _, rest = one.section.markdown().partition("\n\n")
    return f"{heading}\n\n{_measured(one.occasion, newest)}\n\n{rest}"


def write(out: Path, occasion: Occasion | None = None, sections: Sequence[Section] = ()) -> None:
    """`README.md`, `results.json` and the pictures in `out`. Parts that were not measured now stay as they are."""
    parts = read(out)
    if occasion:
        parts |= {section.key: Part(section, occasion.tidy()) for section in sections}
    if not parts:
        raise BenchError(f"there is no report in {out} and nothing was measured")
    parts = {key: parts[key] for key in _DRAWN if key in parts}
    out.mkdir(parents=True, exist_ok=True)
    (out / "README.md").write_text(markdown(list(parts.values())))
    kept = {key: one.as_dict() for key, one in parts.items()}
    (out / "results.json").write_text(json.dumps(kept, indent=1) + "\n")
    for one in parts.values():
        for name, picture in one.section.pictures.items():
            (out / name).write_text(picture)
