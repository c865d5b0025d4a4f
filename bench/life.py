"""The life of the server: start, reload and restart of the showcase, under a light load that must not notice."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import figures, memory, probe, table
from bench.process import Child, Nursery
from bench.progress import BenchError, say
from bench.section import Raw, Section
from bench.servers import HENDRIX, SERVERS, Setting
from bench.workers import Subject, showcase

_PAUSE = 0.005
_REPEATS = 10


@dataclass
class Life:
    """Milliseconds of each start, reload and restart; what the load saw; megabytes (PSS) at the end."""

    workers: int
    start_ms: float
    reload_ms: list[float] = field(default_factory=list)
    restart_ms: list[float] = field(default_factory=list)
    requests: int = 0
    failed: int = 0
    slowest_ms: float = 0.0
    pss_mb: float = 0.0


def _ask(path: Path, do: str) -> float:
    """Have the server do it; the milliseconds until it said that it is done."""
    begun = time.monotonic()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(path))
        client.sendall(json.dumps({"do": do}).encode() + b"\n")
        with client.makefile() as lines:
            said = [json.loads(line) for line in lines]
    if not said or said[-1].get("done") != 0:
        raise BenchError(f"the server did not {do}: {said[-1:]}")
    return (time.monotonic() - begun) * 1000


@contextmanager
def _load(port: int, life: Life) -> Iterator[None]:
    """One client, with a new connection for each request."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(_PAUSE):
            begun = time.monotonic()
            try:
                with probe.connection(port, 10) as one:
                    one.request("GET", "/", headers={"Connection": "close"})
                    life.failed += one.getresponse().status != 200
            except (OSError, http.client.HTTPException):
                life.failed += 1
            life.requests += 1
            life.slowest_ms = max(life.slowest_ms, (time.monotonic() - begun) * 1000)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _live(nursery: Nursery, subject: Subject, workers: int) -> Life:
    server, port = SERVERS[HENDRIX], probe.free_port()
    setting = Setting(port, workers, 4, subject.settings, "", subject.directory)
    begun = time.monotonic()
    child = nursery.start(server.name, server.command(setting), subject.environment(server), subject.directory)
    if not probe.wait_until_up(port, child, path="/", pause=0.002):
        raise BenchError(f"the showcase did not come up: {child.last_line()}")
    life = Life(workers, (time.monotonic() - begun) * 1000)
    control = nursery.runtime / "hendrix" / f"{port}_{subject.settings.replace('.', '_')}.sock"
    try:
        with _load(port, life):
            life.reload_ms = [_ask(control, "reload") for _ in range(_REPEATS)]
            life.restart_ms = [_ask(control, "restart") for _ in range(_REPEATS)]
        _await_departures(child, workers)
        life.pss_mb = memory.pss(child.pids())
    finally:
        nursery.stop(child)
    return life


def _await_departures(child: Child, workers: int) -> None:
    """Old workers keep idle connections for a moment; then there are the parent, the template and the workers."""
    deadline = time.monotonic() + 10
    while len(child.pids()) > workers + 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    child.settle()


def _row(life: Life) -> list[str]:
    times = [f"{figures.middle(values):.0f}" for values in (life.reload_ms, life.restart_ms)]
    return [
        str(life.workers),
        f"{life.start_ms:.0f}",
        *times,
        f"{life.requests}",
        f"{life.failed}",
        f"{life.slowest_ms:.0f}",
        table.number(life.pss_mb),
    ]


def section(nursery: Nursery) -> Section:
    """With one worker, and with four."""
    subject, lives = showcase(), []
    for workers in (1, 4):
        say(f"life: {workers} workers, {_REPEATS} reloads and restarts")
        lives.append(asdict(_live(nursery, subject, workers)))
    return draw(lives)


def draw(raw: Sequence[Raw]) -> Section:
    """What was measured, as it stands in the report."""
    heads = ("workers", "start, ms", "reload, ms", "restart, ms", "requests", "failed", "slowest, ms", "PSS MB")
    text = (
        f"The showcase on one core, with one client that asks all the time, {_REPEATS} reloads and then {_REPEATS} "
        "restarts (the program executed anew, in the same process): medians, from the order until nothing but the "
        "new code serves.\n\n"
    )
    rows = table.markdown(heads, [_row(Life(**one)) for one in raw])
    return Section("life", "Start, reload, restart", text + rows, raw)
