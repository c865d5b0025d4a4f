"""Interleaved rounds: all servers are up at once and are loaded in turn, round after round."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

from bench import cpu, load, memory, probe
from bench.floor import FLOOR, Floor
from bench.places import PROJECT, server_environment
from bench.process import Child, Nursery
from bench.progress import say
from bench.servers import HENDRIX, Server, Setting
from bench.workloads import BROWSER, Headers, Workload


@dataclass(frozen=True)
class Plan:
    """How long and how often; `browser`: every workload is asked with the headers of one; `crowd`: how many
    idle or listen."""

    rounds: int = 7
    seconds: int = 3
    connections: int = 64
    browser: bool = False
    crowd: int = 10_000

    def connections_of(self, workload: Workload) -> int:
        """A workload's own number of connections, or the general one."""
        return workload.connections or self.connections


@dataclass(frozen=True)
class Sample:
    """One load on one server, or one measurement of the floor. `errors` says why it does not count."""

    workload: str
    server: str
    round: int
    requests: int
    cpu_us: float
    rate: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    pss_mb: float = 0.0
    peak_mb: float = 0.0
    errors: str = ""

    @property
    def valid(self) -> bool:
        """Whether the figures count."""
        return not self.errors

    def as_dict(self) -> dict[str, object]:
        """For the JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class Contender:
    """A server that is up. By workload: `ramps`, the seconds until its load is steady; `headers`, what it is sent."""

    server: Server
    port: int
    child: Child
    ramps: dict[str, float] = field(default_factory=dict)
    headers: dict[str, Headers] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The server's name."""
        return self.server.name


def start(nursery: Nursery, server: Server, setting: Setting | None = None) -> Contender | None:
    """Start a server; None, and a line, when it does not answer within 15 seconds. The port is found here."""
    port = probe.free_port()
    setting = replace(setting or Setting(port), port=port)
    env = server_environment(*server.import_first) | {"DJANGO_SETTINGS_MODULE": setting.settings}
    child = nursery.start(server.name, server.command(setting), env, PROJECT)
    if probe.wait_until_up(port, child, secure=setting.secure):
        return Contender(server, port, child)
    say(f"{server.name} did not come up and is left out: {child.last_line()}")
    nursery.stop(child)
    return None


def loaded(contender: Contender, workload: Workload, plan: Plan, number: int, core: int) -> Sample:
    """One load, then memory once the server is idle again."""
    child = contender.child
    child.pids()
    window = (contender.ramps.get(workload.name, 0.3), max(plan.seconds, workload.seconds))
    headers = contender.headers.get(workload.name, ())
    seen = load.run(contender.port, workload, plan.connections_of(workload), window, core, child.reading, headers)
    child.settle()
    pids = child.pids()
    spent = cpu.spent(seen.begin.cpu, seen.end.cpu) / 1000
    return Sample(
        workload.name, contender.name, number, round(seen.requests), spent / max(seen.requests, 1),
        seen.requests / seen.seconds, seen.report.p50, seen.report.p99,
        memory.pss(pids), memory.peak(pids), seen.errors,
    )  # fmt: skip


def warm_up(contender: Contender, workload: Workload, plan: Plan, core: int) -> None:
    """A load that is not counted. It tells how long every connection takes to be answered twice: a load is
    steady after that, three seconds at most."""
    connections = plan.connections_of(workload)
    rate = loaded(contender, workload, Plan(1, 1, plan.connections), 0, core).rate
    contender.ramps[workload.name] = min(3.0, max(0.3, 2 * connections / max(rate, 1.0)))


def _floor_sample(floor: Floor, workload: Workload, plan: Plan, number: int) -> Sample:
    calls, cpu_us = floor.measure(workload, max(0.5, plan.seconds / 2))
    return Sample(workload.name, FLOOR, number, calls, cpu_us)


def _fit(contenders: Iterable[Contender], workload: Workload, plan: Plan) -> list[Contender]:
    fit = []
    for one in contenders:
        general = BROWSER if plan.browser and not workload.browser else ()
        one.headers[workload.name] = sent = general + probe.headers(one.port, workload)
        why = probe.complaint(one.port, workload, plan.connections_of(workload), sent)
        if why:
            say(f"{workload.name}: {one.name} is left out: {why}")
        else:
            fit.append(one)
        one.child.settle()
    return fit


def _turn(items: Sequence[Contender], by: int) -> list[Contender]:
    by %= max(len(items), 1)
    return [*items[by:], *items[:by]]


def measure(
    contenders: Sequence[Contender], floor: Floor | None, workload: Workload, plan: Plan, core: int
) -> list[Sample]:
    """All rounds of one workload. The order of the servers turns by one place in each round."""
    fit = _fit(contenders, workload, plan)
    for one in fit:
        warm_up(one, workload, plan, core)
    if floor and workload.floor:
        _floor_sample(floor, workload, plan, 0)
    samples: list[Sample] = []
    for number in range(1, plan.rounds + 1):
        say(f"{workload.name}: round {number} of {plan.rounds}")
        if floor and workload.floor:
            samples.append(_floor_sample(floor, workload, plan, number))
        for one in _turn(fit, number):
            samples.append(loaded(one, workload, plan, number, core))
            if samples[-1].errors:
                say(f"{workload.name}: {one.name}: {samples[-1].errors}; not counted")
    return samples


def _groups(workloads: Iterable[Workload]) -> list[tuple[str, str, int]]:
    """What servers have to be started for: suite, settings, threads. Sync first, then the default settings."""
    found = {(one.suite, one.settings, one.threads) for one in workloads}
    return sorted(found, key=lambda group: (group[0] != "sync", group[0], group[1] != Setting.settings, group[2]))


def measure_all(
    nursery: Nursery, servers: Sequence[Server], workloads: Sequence[Workload], plan: Plan
) -> list[Sample]:
    """All workloads. Peers are started anew where a workload wants other settings of them; Hendrix only where the
    project is another."""
    samples: list[Sample] = []
    floor = Floor(nursery) if any(workload.floor for workload in workloads) else None
    up: list[Contender] = []
    before = Setting.settings
    for suite, settings, threads in _groups(workloads):
        kept = {one.name: one for one in up if one.name == HENDRIX and settings == before}
        for one in [one for one in up if one.name not in kept]:
            nursery.stop(one.child)
        say(f"starting the servers ({suite}), {threads} threads where they are to be told")
        setting = Setting(0, threads=threads, settings=settings)
        asked = [server for server in servers if suite in server.suites]
        started = [kept.get(server.name) or start(nursery, server, setting) for server in asked]
        up, before = [one for one in started if one], settings
        group = (suite, settings, threads)
        for workload in workloads:
            if (workload.suite, workload.settings, workload.threads) == group:
                samples += measure(up, floor, workload, plan, nursery.cores.load)
    return samples
