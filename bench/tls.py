"""HTTPS: what encryption adds to a request, what handshakes cost, whether all workers take tickets, idle crowds."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from bench import certificate, cpu, figures, load, memory, nginx, probe, table
from bench.certificate import CERT, KEY
from bench.idle import Crowded, crowd_of
from bench.places import PROJECT, ROOT, SITE, server_environment
from bench.process import Child, Nursery
from bench.progress import BenchError, say
from bench.rounds import Plan
from bench.section import Raw, Section
from bench.servers import HENDRIX, SERVERS, Server, Setting
from bench.tables import label
from bench.workloads import WORKLOADS

_FLAGS: dict[str, Callable[[], list[str]]] = {
    HENDRIX: lambda: ["--https-only", "--cert", str(CERT), "--key", str(KEY)],
    "gunicorn": lambda: ["--certfile", str(CERT), "--keyfile", str(KEY)],
    "uvicorn": lambda: ["--ssl-certfile", str(CERT), "--ssl-keyfile", str(KEY)],
    "hypercorn": lambda: ["--certfile", str(CERT), "--keyfile", str(KEY)],
}
NAMES = tuple(_FLAGS)
_PLAIN, _SECURE, _FULL, _RESUMED = "plain", "tls", "full", "resumed"
_WORKERS, _RESUMPTIONS = 4, 200


@dataclass(frozen=True)
class Cost:
    """Microseconds of a server's CPU for one request over a kept connection, or one handshake with a request."""

    server: str
    kind: str
    round: int
    cpu_us: float
    count: int
    reused: int = 0


@dataclass(frozen=True)
class Up:
    """A server that is up, plain or secure."""

    server: Server
    child: Child
    port: int
    secure: bool


def _start(nursery: Nursery, server: Server, *, secure: bool, workers: int = 1) -> Up | None:
    port = probe.free_port()
    command = server.command(Setting(port, workers)) + (_FLAGS[server.name]() if secure else [])
    child = nursery.start(f"{server.name}-tls", command, server_environment(*server.import_first), PROJECT)
    up = Up(server, child, port, secure)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and child.popen.poll() is None:
        if _answers(up):
            return up
        time.sleep(0.05)
    say(f"{server.name} did not come up and is left out: {child.last_line()}")
    nursery.stop(child)
    return None


def _answers(up: Up) -> bool:
    try:
        return _asked(up.port, "full" if up.secure else "plain", 0.05, None).get("count", 0) > 0
    except BenchError:
        return False


def _asked(port: int, kind: str, seconds: float, core: int | None) -> Raw:
    """Run the client; what it counted."""
    command = [sys.executable, "-m", "bench.tls_client", str(port), kind, str(seconds)]
    pinned = ["taskset", "-c", str(core), *command] if core is not None else command
    done = subprocess.run(pinned, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds + 60)
    if done.returncode:
        raise BenchError(f"the client of TLS failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    counted: Raw = json.loads(done.stdout)
    return counted


def _handshakes(up: Up, kind: str, number: int, seconds: float, core: int) -> Cost:
    before = up.child.reading()
    said = _asked(up.port, kind, seconds, core)
    up.child.settle()
    after = up.child.reading()
    spent = cpu.spent(before.cpu, after.cpu) / 1000
    return Cost(up.server.name, kind, number, spent / max(said["count"], 1), said["count"], said["reused"])


def _requests(up: Up, number: int, plan: Plan, core: int) -> Cost:
    scheme = "https" if up.secure else "http"
    workload, window = WORKLOADS["hello"], (0.3, plan.seconds)
    seen = load.run(up.port, workload, plan.connections, window, core, up.child.reading, scheme=scheme)
    up.child.settle()
    spent = cpu.spent(seen.begin.cpu, seen.end.cpu) / 1000
    kind = _SECURE if up.secure else _PLAIN
    return Cost(up.server.name, kind, number, spent / max(seen.requests, 1), round(seen.requests))


def _costs(nursery: Nursery, servers: Sequence[Server], plan: Plan) -> list[Cost]:
    """Interleaved rounds; the first does not count."""
    found: list[Cost] = []
    pairs = [(_start(nursery, one, secure=False), _start(nursery, one, secure=True)) for one in servers]
    up = [(plain, secure) for plain, secure in pairs if plain and secure]
    for number in range(plan.rounds + 1):
        say(f"tls: round {number} of {plan.rounds}")
        by = number % max(len(up), 1)
        for plain, secure in [*up[by:], *up[:by]]:
            core = nursery.cores.load
            once = [_requests(plain, number, plan, core), _requests(secure, number, plan, core)]
            once += [_handshakes(secure, kind, number, plan.seconds, core) for kind in (_FULL, _RESUMED)]
            found += once if number else []
    for one in [one for pair in up for one in pair]:
        nursery.stop(one.child)
    return found


def _resumption(nursery: Nursery) -> Raw:
    """Of connections one after the other, each with the session of the one before, to several workers."""
    up = _start(nursery, SERVERS[HENDRIX], secure=True, workers=_WORKERS)
    if up is None:
        raise BenchError("Hendrix did not come up")
    said = _asked(up.port, f"count:{_RESUMPTIONS}", 60, nursery.cores.load)
    nursery.stop(up.child)
    return {"workers": _WORKERS, **said}


def _idle(nursery: Nursery, servers: Sequence[Server], count: int) -> list[Raw]:
    found = []
    for server in servers:
        say(f"tls: {count:,} idle connections to {server.name}")
        if up := _start(nursery, server, secure=True):
            found.append(_crowded(nursery, up.child, server.name, up.port, count))
    if nginx.program():
        port = probe.free_port()
        command = nginx.command(port, SITE, "nginx_tls.conf", CERT=str(CERT), KEY=str(KEY))
        child = nursery.start("nginx-tls", command, server_environment(), PROJECT)
        time.sleep(1)
        found.append(_crowded(nursery, child, "nginx", port, count))
    return found


def _crowded(nursery: Nursery, child: Child, name: str, port: int, count: int) -> Raw:
    _asked(port, _FULL, 1, nursery.cores.load)
    child.settle()
    empty = memory.pss(child.pids())
    opened, still, full = crowd_of(nursery, child, port, count, secure=True)
    nursery.stop(child)
    return asdict(Crowded(name, opened, still, empty, full))


def section(nursery: Nursery, servers: Sequence[Server], plan: Plan) -> Section:
    """All four, one after the other."""
    certificate.ensure()
    able = [server for server in servers if server.name in _FLAGS]
    costs = [asdict(one) for one in _costs(nursery, able, plan)]
    idle = _idle(nursery, [one for one in able if one.name == HENDRIX], plan.crowd)
    return draw({"costs": costs, "resumption": _resumption(nursery), "idle": idle}, plan)


# --- the report -------------------------------------------------------------------------------------------


def _middle(costs: Sequence[Cost], server: str, kind: str) -> float | None:
    return figures.middle(one.cpu_us for one in costs if (one.server, one.kind) == (server, kind))


def _ratio(costs: Sequence[Cost], server: str) -> float | None:
    """The median of the ratios within each round."""
    by_round = {(one.kind, one.round): one.cpu_us for one in costs if one.server == server}
    numbers = {number for kind, number in by_round if kind == _SECURE}
    both = [n for n in numbers if (_PLAIN, n) in by_round]
    return figures.middle(by_round[_SECURE, n] / by_round[_PLAIN, n] for n in both)


def _row(costs: Sequence[Cost], server: str) -> list[str]:
    full, resumed = _middle(costs, server, _FULL), _middle(costs, server, _RESUMED)
    reused = sum(one.reused for one in costs if (one.server, one.kind) == (server, _RESUMED))
    asked = sum(one.count for one in costs if (one.server, one.kind) == (server, _RESUMED))
    values = (_middle(costs, server, _PLAIN), _middle(costs, server, _SECURE), _ratio(costs, server))
    rates = [1e6 / cost if cost else None for cost in (full, resumed)]
    return [label(server), *map(table.number, (*values, *rates)), f"{reused * 100 // max(asked, 1)} %"]


def draw(raw: Raw, plan: Plan) -> Section:
    """What was measured, as it stands in the report."""
    costs = [Cost(**one) for one in raw["costs"]]
    servers = sorted({one.server for one in costs}, key=lambda name: _middle(costs, name, _FULL) or float("inf"))
    heads = ("server", "plain, us", "TLS, us", "ratio", "full handshakes/s", "resumed/s", "really resumed")
    resumption = raw["resumption"]
    rows = [[label(o.server), f"{o.opened:,}", f"{o.still:,}", *map(table.number, (o.empty_mb, o.full_mb, o.growth))]
            for o in (Crowded(**one) for one in raw["idle"])]  # fmt: skip
    text = (
        "The hello view over kept connections, plain and encrypted (CPU for each request), and new connections with "
        "one request each (for one core's CPU). TLS 1.3, a P-256 certificate for all. The last column tells how many "
        "of those that brought a ticket were resumed.\n\n"
        + table.markdown(heads, [_row(costs, server) for server in servers])
        + f"\n\nTickets: {resumption['reused']} of {resumption['count']} connections to {resumption['workers']} "
        "workers of Hendrix in turn were resumed.\n\n"
        f"{plan.crowd:,} clients ask once each over TLS and keep the connection:\n\n"
        + table.markdown(("server", "opened", "open after 2 s", "empty, PSS MB", "with them", "growth MB"), rows)
    )
    return Section("tls", "HTTPS", text, raw)
