"""Publish and subscribe: one speaks in a hall of WebSockets and all hear; and the relay between two processes."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import audience, cpu, figures, plot, probe, table
from bench.places import PROJECT, PYTHON, ROOT, server_environment
from bench.process import Child, Nursery
from bench.progress import BenchError, say
from bench.rounds import Plan
from bench.section import Raw, Section
from bench.servers import HENDRIX, SERVERS, Setting

_SETTINGS = "project.hall_settings"
_SMALL, _WINDOW = 1000, 10
_LARGE, _WORKERS = 10_000, 4
#: Server, and the layer of Channels where it is one.
_CONTENDERS = ((HENDRIX, ""), ("daphne", "memory"), ("daphne", "pubsub"), ("daphne", "redis"))
_NAMES = {
    "": HENDRIX.title(),
    "memory": "Channels, in memory",
    "pubsub": "Channels, Redis pub/sub",
    "redis": "Channels, Redis",
}
_ENOUGH = 0.99  # of those who are to come
# It is through within four minutes: no more rounds than these, and none of anything once so many seconds are over.
_ROUNDS, _SECONDS, _BUDGET = 5, 2, 180.0
_GATHERING = 60.0  # seconds for a crowd to come
_ANSWER = 20.0  # seconds for any other answer, beyond what was asked for
_RATES = (10_000, 0)
_HEADS = ("server", "p50 ms", "p99 ms", "to the last, p99 ms", "receipts/s", "CPU µs/receipt", "rounds")
_RELAY_HEADS = ("publishes/s wanted", "confirmed/s", "p50 ms", "p99 ms", "relay, CPU µs/message", "rounds")


@dataclass(frozen=True)
class Held:
    """One round in a hall: milliseconds with one message at a time; then receipts a second, and what each costs."""

    layer: str
    sockets: int
    workers: int
    each: tuple[float, float, float]
    last: tuple[float, float, float]
    rate: float
    cpu_us: float
    wrong: str = ""


@dataclass(frozen=True)
class Relayed:
    """One round of the relay. `rate` 0: as many as will go."""

    rate: int
    confirmed: float
    each: tuple[float, float, float]
    cpu_us: float


# --- a hall -----------------------------------------------------------------------------------------------


def _redis(nursery: Nursery) -> Child:
    """A server of its own, on a unix socket, that keeps nothing on a disk."""
    found = subprocess.run([ROOT / "scripts" / "find-redis"], capture_output=True, text=True, check=False)
    if found.returncode:
        raise BenchError(found.stderr.strip())
    path = nursery.runtime / "redis"
    words = [found.stdout.strip(), "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
    child = nursery.start("redis", words, server_environment(), nursery.runtime)
    _await(path, child)
    return child


def _await(path: Path, child: Child) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        if child.popen.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"{child.name} does not come up: {child.last_line()}")
        time.sleep(0.02)


def _ask(crowd: Child, patience: float, line: str = "") -> Raw:
    assert crowd.popen.stdin
    if line:
        crowd.popen.stdin.write(line + "\n")
        crowd.popen.stdin.flush()
    found: Raw = json.loads(crowd.line(patience))
    return found


def _spent(children: Sequence[Child]) -> dict[int, int]:
    return cpu.read(pid for child in children for pid in child.pids())


def _held(nursery: Nursery, server: str, layer: str, size: tuple[int, int], seconds: int) -> Held:
    """A server, alone, with a fresh crowd."""
    sockets, workers = size
    port = probe.free_port()
    setting = Setting(port, workers, settings=_SETTINGS, asgi="project.hall_channels:application" if layer else "")
    env = server_environment() | {"DJANGO_SETTINGS_MODULE": _SETTINGS}
    if layer:
        env |= {"BENCH_LAYER": layer, "BENCH_REDIS": f"unix://{nursery.runtime / 'redis'}"}
    children = [_redis(nursery)] if layer in ("redis", "pubsub") else []
    name = f"{server}-{layer}" if layer else server
    *command, last = SERVERS[server].command(setting)
    # Of Daphne: 5 s for a handshake by itself; and the audience answers no pings.
    patience = ["--websocket_connect_timeout", "60", "--ping-interval", "3600"] if layer else []
    children.append(nursery.start(name, [*command, *patience, last], env, PROJECT))
    try:
        if not probe.wait_until_up(port, children[-1]):
            raise BenchError(f"it did not come up: {children[-1].last_line()}")
        return _spoken(nursery, children, port, Held(layer, sockets, workers, (0, 0, 0), (0, 0, 0), 0, 0), seconds)
    finally:
        for child in children:
            nursery.stop(child)


def _spoken(nursery: Nursery, children: Sequence[Child], port: int, empty: Held, seconds: int) -> Held:
    command = [str(PYTHON), "-m", "bench.audience", str(port), str(empty.sockets)]
    env = {"PATH": os.environ.get("PATH", os.defpath)}
    crowd = nursery.start("audience", command, env, ROOT, core=nursery.cores.load, piped=True)
    try:
        came = _ask(crowd, _GATHERING)["open"]
        if came < empty.sockets * _ENOUGH:
            return Held(**{**asdict(empty), "wrong": f"only {came:,} of {empty.sockets:,} came"})
        children[-1].settle()
        first = _hold(crowd, 3, 1)  # what is made at the first message is no part of it
        pace = max(first["seconds"] / 3, 0.001)
        alone = _hold(crowd, max(10, min(300, int(seconds / pace))), 1)
        before, begun = _spent(children), time.monotonic()
        many = _hold(crowd, max(20, min(2000, int(seconds / pace))), _WINDOW)
        took, spent = time.monotonic() - begun, cpu.spent(before, _spent(children))
    finally:
        nursery.stop(crowd)
    rate, each = many["heard"] / took, spent / 1000 / many["heard"]
    return Held(empty.layer, empty.sockets, empty.workers, alone["each"], alone["last"], rate, each)


def _hold(crowd: Child, messages: int, window: int) -> Raw:
    """See `bench.audience`. Raises `BenchError` where not all was heard."""
    found = _ask(crowd, audience.PATIENCE + _ANSWER, f"{messages} {window}")
    if not found["whole"]:
        raise BenchError(found["reason"])
    return found


# --- the relay --------------------------------------------------------------------------------------------


def _relayed(nursery: Nursery, rate: int, seconds: int) -> Relayed:
    """The relay and who listens share the core of the servers; who publishes has the other."""
    path = nursery.runtime / "relay.hub"
    env = {"PATH": os.environ.get("PATH", os.defpath)}

    def start(what: str, core: int, *rest: str) -> Child:
        command = [str(PYTHON), "-m", "bench.relay_load", what, str(path), *rest]
        return nursery.start(f"relay-{what}", command, env, ROOT, core=core, piped=True)

    children = [start("serve", nursery.cores.server)]
    try:
        _await(path, children[0])
        children.append(start("listen", nursery.cores.server))
        children[1].line(_ANSWER)
        before = _spent(children[:1])
        children.append(start("publish", nursery.cores.load, str(rate), str(seconds)))
        said, heard = _ask(children[2], seconds + _ANSWER), _ask(children[1], _ANSWER)
        spent = cpu.spent(before, _spent(children[:1]))
    finally:
        for child in reversed(children):
            nursery.stop(child)
    if heard["heard"] != said["confirmed"]:
        raise BenchError(f"{said['confirmed']} messages were confirmed and {heard['heard']} heard")
    confirmed = said["confirmed"] / said["seconds"]
    return Relayed(rate, confirmed, heard["each"], spent / 1000 / max(said["confirmed"], 1))


# --- the section ------------------------------------------------------------------------------------------


_HALLS = (*((server, layer, (_SMALL, 1)) for server, layer in _CONTENDERS), (HENDRIX, "", (_LARGE, _WORKERS)))


def section(nursery: Nursery, plan: Plan) -> Section:
    """Round after round, while there is time: the relay, each hall of 1,000, ours of 10,000."""
    halls: list[Held] = []
    relay: list[Relayed] = []
    rounds, seconds, until = min(plan.rounds, _ROUNDS), min(plan.seconds, _SECONDS), time.monotonic() + _BUDGET
    failed: set[tuple[str, int]] = set()
    for number in range(1, rounds + 1):
        say(f"hub: round {number} of {rounds}")
        relay += [one for rate in _RATES if time.monotonic() < until and (one := _relay_round(nursery, rate, seconds))]
        for server, layer, size in _HALLS:
            if (layer, size[0]) in failed or time.monotonic() > until:
                continue
            one = _hall_round(nursery, server, layer, size, seconds)
            if one.wrong:
                failed.add((layer, size[0]))
                say(f"hub: {_NAMES[layer]}, {size[0]:,} sockets, is left out from now on: {one.wrong}")
            halls.append(one)
    return draw({"halls": [asdict(one) for one in halls], "relay": [asdict(one) for one in relay]}, plan)


def _hall_round(nursery: Nursery, server: str, layer: str, size: tuple[int, int], seconds: int) -> Held:
    try:
        return _held(nursery, server, layer, size, seconds)
    except BenchError as error:
        return Held(layer, *size, (0, 0, 0), (0, 0, 0), 0, 0, str(error))


def _relay_round(nursery: Nursery, rate: int, seconds: int) -> Relayed | None:
    try:
        return _relayed(nursery, rate, seconds)
    except BenchError as error:
        say(f"hub: the relay, {rate:,} a second: {error}")
        return None


def _row(name: str, every: Sequence[Held]) -> list[str]:
    counted = [one for one in every if not one.wrong]
    values = (
        figures.middle(one.each[0] for one in counted),
        figures.middle(one.each[1] for one in counted),
        figures.middle(one.last[1] for one in counted),
        figures.middle(one.rate for one in counted),
        figures.middle(one.cpu_us for one in counted),
    )
    bad = [one.wrong for one in every if one.wrong]
    valid = f"{len(counted)} of {len(every)}: {bad[-1]}" if bad else str(len(every))
    return [name, *map(table.number, values), valid]


def _of(halls: Sequence[Held], layer: str, sockets: int) -> list[Held]:
    return [one for one in halls if (one.layer, one.sockets) == (layer, sockets)]


def _relay_row(rate: int, every: Sequence[Relayed]) -> list[str]:
    values = (
        figures.middle(one.confirmed for one in every),
        figures.middle(one.each[0] for one in every),
        figures.middle(one.each[1] for one in every),
        figures.middle(one.cpu_us for one in every),
    )
    return [f"{rate:,}" if rate else "as many as will go", *map(table.number, values), str(len(every))]


def _picture(halls: Sequence[Held]) -> str:
    bars = []
    for layer, name in _NAMES.items():
        found = figures.middle(one.rate for one in _of(halls, layer, _SMALL) if not one.wrong)
        if found:
            bars.append(plot.Bar(name, found, table.number(found), "bar" if layer else "first"))
    bars.sort(key=lambda bar: -bar.value)
    unit = "one worker on one core, Redis on the same; more is better"
    return plot.svg("Receipts per second", unit, [plot.Panel(f"One message to {_SMALL:,} WebSockets", bars)])


def draw(raw: dict[str, list[Raw]], plan: Plan) -> Section:
    """What was measured, as it stands in the report."""
    halls = [Held(**one) for one in raw["halls"]]
    relay = [Relayed(**one) for one in raw["relay"]]
    rows = [_row(name, found) for layer, name in _NAMES.items() if (found := _of(halls, layer, _SMALL))]
    large = _of(halls, "", _LARGE)
    parts = [
        "![Receipts per second](hub.svg)",
        f"One client of {_SMALL:,} says 100 bytes and all hear them; milliseconds from saying to hearing, with one "
        f"message at a time. Then {_WINDOW} messages are under way at once: receipts per second, and CPU time of all "
        "processes of the server, Redis included. Channels is served by Daphne.",
        table.markdown(_HEADS, rows),
    ]
    if large:
        name = f"{HENDRIX.title()}, {_WORKERS} workers"
        parts += [f"{_LARGE:,} sockets, on one core all the same:", table.markdown(_HEADS, [_row(name, large)])]
    rows = [_relay_row(rate, found) for rate in _RATES if (found := [one for one in relay if one.rate == rate])]
    parts += [
        "Messages of 100 bytes from one process to another through the relay, each of them confirmed; milliseconds "
        "from `publish` to the callback. The relay and who listens share one core.",
        table.markdown(_RELAY_HEADS, rows),
    ]
    return Section("hub", "Publish and subscribe", "\n\n".join(parts), raw, {"hub.svg": _picture(halls)})
