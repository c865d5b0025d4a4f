"""`python3 -m bench`: the command line, and what each action runs.

python3 -m bench                      everything, into docs/benchmarks
python3 -m bench load                 the workloads only (--workloads files,async_orm: only this suite and this one)
python3 -m bench files|http2|hub|idle|streams|sockets|tasks|tls|workers|startup|life   one extra measurement
python3 -m bench report               draw the report anew from its results.json
python3 -m bench profile WORKLOAD     Hendrix against one server or one checkout
python3 -m bench setup                only make the environment
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from bench import (
    environment,
    hub,
    idle,
    life,
    machine,
    many,
    multiplexed,
    profile,
    report,
    rounds,
    servers,
    sockets,
    startup,
    streams,
    tables,
    tasks,
    tls,
    workers,
    workloads,
)
from bench.process import Cores, Nursery, choose_cores, raise_file_limit
from bench.progress import BenchError, say
from bench.rounds import Plan
from bench.section import Section

_EXTRAS = ("files", "http2", "streams", "sockets", "hub", "tasks", "tls", "idle", "workers", "startup", "life")
_ACTIONS = ("all", "load", *_EXTRAS, "profile", "report", "setup")


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    made = argparse.ArgumentParser(
        prog="python3 -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("action", nargs="?", default="all", choices=_ACTIONS)
    made.add_argument("workload", nargs="?", default="hello", help="for profile: %(default)s unless given")
    made.add_argument("--servers", default="", help="comma-separated; all unless given")
    made.add_argument("--workloads", default="", help="comma-separated, suites too; all unless given")
    made.add_argument("--rounds", type=int, help="rounds of each workload (7)")
    made.add_argument("--seconds", type=int, help="seconds of each load (3)")
    made.add_argument("--connections", type=int, default=64, help="where a workload has no number of its own (64)")
    made.add_argument(
        "--idle-connections", type=int, default=10_000, help="size of the crowds that idle or listen (10000)"
    )
    made.add_argument("--browser", action="store_true", help="every request has the headers of a browser")
    made.add_argument("--quick", action="store_true", help="3 rounds of 1 second: a look, not a result")
    made.add_argument("--out", type=Path, help="where the report goes; whole suites: docs/benchmarks")
    made.add_argument("--subject", default=servers.HENDRIX, help="for profile: which server (%(default)s)")
    made.add_argument("--against", default="granian", help="for profile: a server or another checkout")
    return made


def _plan(options: argparse.Namespace) -> Plan:
    plan = Plan(options.rounds or (3 if options.quick else 7), options.seconds or (1 if options.quick else 3),
                options.connections, options.browser, options.idle_connections)  # fmt: skip
    if min(plan.rounds, plan.seconds, plan.connections, plan.crowd) < 1:
        raise BenchError("--rounds, --seconds, --connections and --idle-connections are at least 1")
    return plan


def _extra(name: str, options: argparse.Namespace, plan: Plan, cores: Cores) -> Section:
    """One extra measurement. Only Hendrix is put to `idle` and `workers`, unless servers are named."""
    if name == "http2":
        with Nursery(cores) as nursery:
            return multiplexed.section(nursery, multiplexed.choose(options.servers), plan)
    if name == "hub":
        with Nursery(cores) as nursery:
            return hub.section(nursery, plan)
    if name == "tasks":
        with Nursery(cores) as nursery:
            return tasks.section(nursery, plan)
    suites = {"startup": "sync", "streams": "async", "sockets": "async"}
    chosen = servers.choose(options.servers or ("" if name in suites else servers.HENDRIX), suites.get(name, ""))
    with Nursery(cores) as nursery:
        if name == "idle":
            return idle.section(nursery, chosen, plan)
        if name == "streams":
            return streams.section(nursery, chosen, plan)
        if name == "sockets":
            return sockets.section(nursery, chosen, plan)
        if name == "tls":
            return tls.section(
                nursery, chosen if options.servers else [servers.SERVERS[one] for one in tls.NAMES], plan
            )
        if name == "files":
            return many.section(nursery, plan.rounds)
        if name == "workers":
            return workers.section(nursery, chosen)
        if name == "life":
            return life.section(nursery)
        return startup.section(nursery, chosen, plan.rounds)


def _loads(options: argparse.Namespace, plan: Plan, cores: Cores) -> list[Section]:
    chosen, asked = servers.choose(options.servers), workloads.choose(options.workloads)
    with Nursery(cores) as nursery:
        return tables.sections(rounds.measure_all(nursery, chosen, asked, plan), plan)


def _profile(options: argparse.Namespace, plan: Plan, cores: Cores) -> str:
    (subject,), (workload,) = servers.choose(options.subject), workloads.choose(options.workload)
    other = profile.opponent(subject, options.against)
    with Nursery(cores) as nursery:
        return profile.compare(nursery, subject, other, workload, plan)


def place(options: argparse.Namespace) -> Path | None:
    """Where the report goes. A part of a suite, or of the servers, is printed and takes not the place of the whole."""
    if options.out or options.action not in ("all", "load"):
        return options.out
    asked = {one.name for one in workloads.choose(options.workloads)}
    suites = {one.suite for one in workloads.choose(options.workloads)}
    kinds = [kind.suites for kind in tables.KINDS if suites & set(kind.suites)]
    whole = {one.name for one in workloads.WORKLOADS.values() if any(one.suite in of for of in kinds)}
    return report.PLACE if asked == whole and not options.servers and not options.browser else None


def _report(options: argparse.Namespace, plan: Plan, cores: Cores) -> None:
    """Measure, print the Markdown, and write the report where there is a place for it."""
    action, out, load = options.action, place(options), machine.load()
    if out:
        report.read(out)  # what is no report is refused before the hour of measuring, not after it
    sections = _loads(options, plan, cores) if action in ("all", "load") else []
    for name in _EXTRAS:
        if action in ("all", name):
            sections.append(_extra(name, options, plan, cores))
    if out:
        report.write(out, report.Occasion({**machine.facts(), "load": load}, machine.versions(), plan), sections)
        say(f"written: README.md, results.json and the plots in {out}")
    print("\n".join(section.markdown() for section in sections))


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one action; the exit status: 0, 1 when it cannot be done, 130 when it was interrupted."""
    options = parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        plan = _plan(options)
        if options.action == "report":
            report.write(options.out or report.PLACE)
            return 0
        environment.ensure()
        if options.action == "setup":
            return 0
        raise_file_limit()
        cores = choose_cores()
        if options.action == "profile":
            print(_profile(options, plan, cores))
        else:
            _report(options, plan, cores)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; every server it started is ended", file=sys.stderr)
        return 130
    return 0
