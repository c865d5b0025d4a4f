"""The report: facts, method, sections; Markdown, JSON with every raw round, SVG."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.rounds import Plan
from bench.section import Section
from bench.servers import SERVERS
from bench.tables import label

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


def _facts(facts: Mapping[str, str], versions: Mapping[str, str]) -> str:
    servers = [
        f"{label(one.name)} {versions.get(one.distribution, '?')}" for one in SERVERS.values() if "-" not in one.name
    ]
    lines = [
        f"- Date: {facts['date']}",
        f"- Machine: {facts['processor']}, {facts['memory']}, {facts['kernel']}",
        f"- Python: {facts['python']}, Django {versions.get('django', '?')}, wrk {facts['wrk']}",
        f"- Servers: {', '.join(servers)}",
    ]
    return "\n".join(lines)


def markdown(facts: Mapping[str, str], versions: Mapping[str, str], plan: Plan, sections: Sequence[Section]) -> str:
    """The whole page."""
    method = "\n".join(f"{number}. {line}" for number, line in enumerate(_METHOD, 1))
    again = f"make bench    # or: python3 -m bench --rounds {plan.rounds} --seconds {plan.seconds}"
    head = [
        "# Benchmarks",
        "Measured by `bench/`; absolute times depend on the machine, the ratios much less.",
        _facts(facts, versions),
        f"## Method\n\n{method}\n\nTo repeat it:\n\n```\n{again}\n```",
        f"{plan.rounds} rounds of {plan.seconds} s.",
    ]
    return "\n\n".join([*head, *(section.markdown() for section in sections)])


def write(
    out: Path, facts: Mapping[str, str], versions: Mapping[str, str], plan: Plan, sections: Sequence[Section]
) -> None:
    """`README.md`, `results.json` and the pictures in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "README.md").write_text(markdown(facts, versions, plan, sections))
    known = {name: versions.get(name) for name in ("django", *(one.distribution for one in SERVERS.values()))}
    raw: dict[str, object] = {"facts": facts, "versions": known, "plan": vars(plan)}
    raw |= {section.key: section.raw for section in sections}
    (out / "results.json").write_text(json.dumps(raw, indent=1) + "\n")
    for section in sections:
        for name, picture in section.pictures.items():
            (out / name).write_text(picture)
