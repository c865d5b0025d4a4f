"""What many static files cost: start, CPU and memory with 100,000 of them in STATIC_ROOT, and with none."""

import http.client
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import cpu, figures, memory, probe, table
from bench.places import PROJECT, PYTHON, STATE, server_environment
from bench.process import Child, Nursery
from bench.progress import BenchError, say
from bench.section import Raw, Section
from bench.servers import HENDRIX, SERVERS, Setting

_FOLDERS, _EACH = 500, 200
_EMPTY, _FULL = STATE / "many-none", STATE / "many"
_MAKE = (
    "import sys, pathlib; from project.assets import many; many(pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:]))"
)


@dataclass
class Stocked:
    """By round: milliseconds to the first answer, CPU milliseconds until all is quiet, megabytes (PSS) then."""

    files: int
    start_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    pss_mb: list[float] = field(default_factory=list)


def _make() -> None:
    _EMPTY.mkdir(exist_ok=True)
    say(f"files: making {_FOLDERS * _EACH:,} of them in {_FULL.name}, where they are not there already")
    command = [str(PYTHON), "-c", _MAKE, str(_FULL), str(_FOLDERS), str(_EACH)]
    done = subprocess.run(command, cwd=PROJECT, env=server_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"the files cannot be made: {(done.stderr.strip().splitlines() or ['?'])[-1]}")


def _environment(root: Path) -> Mapping[str, str]:
    return server_environment() | {"BENCH_STATIC_ROOT": str(root)}


def _quiet(child: Child, limit: float = 30.0) -> None:
    """Wait until half a second has passed without work: what a server does after its first answer counts, too."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        before = cpu.read(child.pids())
        time.sleep(0.5)
        if cpu.spent(before, cpu.read(child.pids())) < 5_000_000:
            return
    say("files: the server does not come to rest; its figures are those after 30 s")


def _check(port: int, root: Path) -> None:
    """The first and the last file are served, and a missing one is not."""
    found = sorted(root.glob("*/*.js"))
    wanted = {f"/static/{path.relative_to(root)}": 200 for path in found[:1] + found[-1:]} | {"/static/none.js": 404}
    for path, status in wanted.items():
        with probe.connection(port, 10) as one:
            one.request("GET", path)
            if (given := one.getresponse().status) != status:
                raise BenchError(f"{path} is answered {given}, not {status}: there is nothing to measure")


def _once(nursery: Nursery, root: Path, into: Stocked) -> None:
    server, port = SERVERS[HENDRIX], probe.free_port()
    begun = time.monotonic()
    child = nursery.start("files", server.command(Setting(port)), _environment(root), PROJECT)
    try:
        if not probe.wait_until_up(port, child, pause=0.002, limit=60):
            raise BenchError(f"{server.name} did not come up: {child.last_line()}")
        into.start_ms.append((time.monotonic() - begun) * 1000)
        try:
            _check(port, root)
        except (OSError, http.client.HTTPException) as error:
            raise BenchError(f"a file is not answered ({type(error).__name__})") from error
        _quiet(child)
        into.cpu_ms.append(cpu.spent({}, cpu.read(child.pids())) / 1e6)
        into.pss_mb.append(memory.pss(child.pids()))
    finally:
        nursery.stop(child)


def section(nursery: Nursery, rounds: int) -> Section:
    """Interleaved starts of Hendrix, with no file and with many. A first pair fills the caches and does not count."""
    _make()
    for root in (_EMPTY, _FULL):
        _once(nursery, root, Stocked(0))
    none, full = Stocked(0), Stocked(_FOLDERS * _EACH)
    for number in range(1, rounds + 1):
        say(f"files: round {number} of {rounds}")
        _once(nursery, _EMPTY, none)
        _once(nursery, _FULL, full)
    return draw([asdict(none), asdict(full)])


def _added(none: Sequence[float], full: Sequence[float]) -> float | None:
    """The median of what was more within each round."""
    return figures.middle(more - less for less, more in zip(none, full, strict=True))


def draw(raw: Sequence[Raw]) -> Section:
    """What was measured, as it stands in the report."""
    none, full = (Stocked(**one) for one in raw)
    fields = ("start_ms", "cpu_ms", "pss_mb")
    rows = [
        [f"{one.files:,}", *(table.number(figures.middle(getattr(one, name))) for name in fields)]
        for one in (none, full)
    ]
    rows.append(["added", *(table.number(_added(getattr(none, name), getattr(full, name))) for name in fields)])
    heads = ("files in STATIC_ROOT", "start to first answer, ms", "CPU until quiet, ms", "PSS MB")
    text = (
        f"Medians of {len(full.start_ms)} interleaved starts of Hendrix, one worker, on one core. Small files, in "
        f"{_FOLDERS} folders. Goal: 1 second and 60 MB at most.\n\n" + table.markdown(heads, rows)
    )
    return Section("many", "Many static files", text, raw)
