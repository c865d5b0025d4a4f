"""What more workers cost in memory: the showcase project with one worker and with four."""

import contextlib
import http.client
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import memory, probe, table
from bench.places import PROJECT, PYTHON, SHOWCASE, STATE, server_environment
from bench.process import Nursery
from bench.progress import BenchError, say
from bench.section import Raw, Section
from bench.servers import Server, Setting
from bench.tables import label

_WARM_UP = 200


@dataclass(frozen=True)
class Grown:
    """Megabytes (PSS, all processes) of a server with 1 and with 4 workers."""

    server: str
    one_mb: float
    four_mb: float
    project: str = "the showcase project"

    @property
    def ratio(self) -> float:
        """Four workers over one."""
        return self.four_mb / self.one_mb


@dataclass(frozen=True)
class Subject:
    """A copy of a project with a database of its own, and the path its warm-up asks for."""

    name: str
    directory: Path
    settings: str
    path: str

    def environment(self, server: Server) -> dict[str, str]:
        """As for every server, but with this project's settings and code, and a port of its own for its service."""
        env = server_environment(*server.import_first, self.directory)
        own = {"SHOWCASE_COUNTER_PORT": str(probe.free_port()), "SHOWCASE_TASK_WORKERS": "0"}
        return env | {"DJANGO_SETTINGS_MODULE": self.settings} | own


def settings_of(manage: str) -> str:
    """The settings module that a `manage.py` names."""
    found = re.search(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']", manage)
    if not found:
        raise BenchError("manage.py of the project names no DJANGO_SETTINGS_MODULE")
    return found[1]


def showcase() -> Subject:
    """A fresh copy of the showcase, migrated and collected; the bench's own project where there is no showcase."""
    if not (SHOWCASE / "manage.py").exists():
        say("workers: examples/showcase is not there; the bench's own project stands in for it")
        return Subject("the bench's project", PROJECT, "project.settings", "/template")
    copy = STATE / "showcase"
    shutil.rmtree(copy, ignore_errors=True)
    made = ("*.sqlite3*", "__pycache__", "media", "cabinet", "static-root")
    shutil.copytree(SHOWCASE, copy, ignore=shutil.ignore_patterns(*made))
    settings = settings_of((copy / "manage.py").read_text())
    env = server_environment(copy) | {"DJANGO_SETTINGS_MODULE": settings}
    for command in ("migrate", "collectstatic"):
        done = subprocess.run(
            [str(PYTHON), "manage.py", command, "--noinput", "-v", "0"],
            cwd=copy, env=env, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise BenchError(f"{command} of the showcase fails: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return Subject("the showcase project", copy, settings, "/")


def _warm_up(port: int, path: str) -> None:
    """Requests on connections of their own, so that every worker gets some."""
    for _ in range(_WARM_UP):
        with contextlib.suppress(OSError, http.client.HTTPException), probe.connection(port, 5) as one:
            one.request("GET", path)
            one.getresponse().read()


def _megabytes(nursery: Nursery, server: Server, subject: Subject, workers: int) -> float | None:
    port = probe.free_port()
    package = subject.settings.rsplit(".", 1)[0]
    setting = Setting(port, workers, 4, subject.settings, package, subject.directory)
    child = nursery.start(server.name, server.command(setting), subject.environment(server), subject.directory)
    try:
        if not probe.wait_until_up(port, child, path=subject.path):
            say(f"workers: {server.name} did not come up and is left out: {child.last_line()}")
            return None
        _warm_up(port, subject.path)
        child.settle()
        return memory.pss(child.pids())
    finally:
        nursery.stop(child)


def section(nursery: Nursery, servers: Sequence[Server]) -> Section:
    """One server after the other, each alone, with 1 worker and then with 4."""
    subject, found = showcase(), []
    for server in servers:
        say(f"workers: {server.name}, 1 and 4 workers, {subject.name}")
        one = _megabytes(nursery, server, subject, 1)
        four = _megabytes(nursery, server, subject, 4) if one else None
        if one and four:
            found.append(asdict(Grown(server.name, one, four, subject.name)))
    return draw(found)


def draw(raw: Sequence[Raw]) -> Section:
    """What was measured, as it stands in the report."""
    found = [Grown(**one) for one in raw]
    project = found[0].project if found else "no project"
    rows = [[label(g.server), *map(table.number, (g.one_mb, g.four_mb, g.ratio))] for g in found]
    heads = ("server", "1 worker, PSS MB", "4 workers, PSS MB", "ratio")
    text = f"All processes of the server, {project}, after {_WARM_UP} requests.\n\n" + table.markdown(heads, rows)
    return Section("workers", "Memory of several workers", text, raw)
