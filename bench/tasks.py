"""No-op tasks from the database: our task worker beside the reference worker of django-tasks-db.

Both are up, each with a database of its own; the queue of one is filled, all of it visible at once, and what counts is
the time from the first task that is taken to the last that is done, and the CPU time of all processes of that side.
"""

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import cpu, figures, plot, table
from bench.places import PYTHON, ROOT, server_environment
from bench.postgres import postgres
from bench.process import Child, Nursery
from bench.progress import BenchError, say
from bench.rounds import Plan
from bench.section import Raw, Section
from bench.servers import HENDRIX

_SHORT, _LONG = 1000, 10_000
_MOST_ROUNDS = 3
#: Seconds after which what is not done is not waited for.
_PATIENCE, _LONG_PATIENCE = 60, 100
_REFERENCE = "django-tasks-db"
_NAMES = {"hendrix": HENDRIX.title(), "reference": _REFERENCE}
_DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_HEADS = ("worker", "tasks", "tasks/s", "CPU µs/task", "CPU / Hendrix", "rounds")
_SETTINGS = """
from django import VERSION

SECRET_KEY = "of a benchmark"
USE_TZ = True
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django_tasks_db", "hendrix.tasks", "work", *(["django_tasks"] if VERSION < (6, 0) else [])]
DATABASES = {{"default": {database}}}
TASKS = {{"default": {{"BACKEND": "hendrix.tasks.backend.TaskBackend"}}}}
LOGGING_CONFIG = None
"""
_WORK = """
try:
    from django.tasks import task
except ImportError:
    from django_tasks import task


@task
def nothing():
    pass
"""
#: The interval is between looks at an empty queue, and both have to do with one only before they begin.
_COMMANDS = {
    "hendrix": ("hendrix", "start", "--bind", "127.0.0.1:0", "--task-workers", "1", "--task-interval", "0.5"),
    "reference": ("django", "db_worker", "--interval", "0.5", "--no-startup-delay", "-v0"),
}


@dataclass(frozen=True)
class Done:
    """One run of one worker. `tasks` were done in `seconds`; of `wanted`, where time was up before."""

    database: str
    worker: str
    round: int
    wanted: int
    tasks: int
    seconds: float
    cpu_us: float

    @property
    def rate(self) -> float:
        """Tasks a second."""
        return self.tasks / self.seconds


@dataclass(frozen=True)
class _Side:
    """A worker that waits for tasks, and what fills its queue."""

    worker: Child
    queue: Child

    def ask(self, line: str) -> Raw:
        queue = self.queue.popen
        assert queue.stdin and queue.stdout
        queue.stdin.write(line + "\n")
        queue.stdin.flush()
        if said := queue.stdout.readline():
            found: Raw = json.loads(said)
            return found
        raise BenchError(f"{self.queue.name} ended: {self.queue.last_line()}")


# --- the two sides ----------------------------------------------------------------------------------------


def _sqlite(folder: Path) -> Raw:
    """As docs/how-to/tasks.md has it for speed, with persistent connections for both."""
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"
    options = {"init_command": pragmas, "transaction_mode": "IMMEDIATE", "timeout": 20}
    engine = "django.db.backends.sqlite3"
    return {"ENGINE": engine, "NAME": f"{folder}/db.sqlite3", "OPTIONS": options, "CONN_MAX_AGE": None}


def _postgresql(home: Path, name: str) -> Raw:
    engine = "django.db.backends.postgresql"
    return {"ENGINE": engine, "HOST": str(home), "USER": "postgres", "NAME": name, "CONN_MAX_AGE": None}


@contextmanager
def _side(nursery: Nursery, database: str, kind: str, home: Path | None) -> Iterator[_Side]:
    folder = nursery.runtime / f"tasks-{database}-{kind}"
    folder.mkdir()
    if home:
        _create(home, kind)
    facts = _postgresql(home, kind) if home else _sqlite(folder)
    (folder / "settings.py").write_text(_SETTINGS.format(database=facts))
    (folder / "urls.py").write_text("urlpatterns = []\n")
    (folder / "work.py").write_text(_WORK)
    env = server_environment(folder) | {"DJANGO_SETTINGS_MODULE": "settings"}
    _run([str(PYTHON), "-m", "django", "migrate", "-v0"], env, folder)
    worker = nursery.start(f"tasks-{kind}", [str(PYTHON), "-m", *_COMMANDS[kind]], env, folder)
    script = [str(PYTHON), str(ROOT / "bench" / "task_queue.py")]
    queue = nursery.start(f"queue-{kind}", script, env, folder, core=nursery.cores.load, piped=True)
    try:
        yield _Side(worker, queue)
    finally:
        nursery.stop(queue)
        nursery.stop(worker)


def _create(home: Path, name: str) -> None:
    code = (
        "import sys, psycopg\n"
        "with psycopg.connect(host=sys.argv[1], user='postgres', dbname='postgres', autocommit=True) as connection:\n"
        "    connection.execute(f'CREATE DATABASE {sys.argv[2]}')"
    )
    _run([str(PYTHON), "-c", code, str(home), name], server_environment(), home)


def _run(command: Sequence[str], env: dict[str, str], folder: Path) -> None:
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"tasks: {(done.stderr.strip().splitlines() or ['?'])[-1]}")


# --- a run ------------------------------------------------------------------------------------------------


def _measure(side: _Side, what: tuple[str, str, int], wanted: int, patience: int) -> Done:
    database, kind, number = what
    side.worker.settle()
    before = cpu.read(side.worker.pids())
    side.ask(f"fill {wanted}")
    found = side.ask(f"await {patience}")
    spent = cpu.spent(before, cpu.read(side.worker.pids()))
    side.ask("clear")
    if found["failed"] or not found["done"]:
        raise BenchError(f"{side.worker.name} has done {found['done']} tasks, {found['failed']} wrongly; see its log")
    return Done(database, kind, number, wanted, found["done"], found["seconds"], spent / 1000 / found["done"])


def _all_of(nursery: Nursery, database: str, rounds: int) -> Iterator[Done]:
    """Round after round, in an order that turns; then the long one."""
    with (
        postgres(nursery) if database == "postgresql" else nullcontext((None, None)) as (_, home),
        _side(nursery, database, "hendrix", home) as ours,
        _side(nursery, database, "reference", home) as theirs,
    ):
        sides = [("hendrix", ours), ("reference", theirs)]
        for kind, side in sides:
            _measure(side, (database, kind, 0), 50, _PATIENCE)  # it is up, and has loaded what it needs
        for number in range(1, rounds + 1):
            say(f"tasks: {_DATABASES[database]}, round {number} of {rounds}")
            for kind, side in sides:
                yield _measure(side, (database, kind, number), _SHORT, _PATIENCE)
            sides.reverse()
        for kind, side in sides:
            say(f"tasks: {_DATABASES[database]}, {_LONG:,} by {_NAMES[kind]}")
            yield _measure(side, (database, kind, 0), _LONG, _LONG_PATIENCE)


def section(nursery: Nursery, plan: Plan) -> Section:
    """Both databases; PostgreSQL where there is one. At most three rounds."""
    runs: list[Done] = []
    begun = time.monotonic()
    for database, name in _DATABASES.items():
        try:
            runs += _all_of(nursery, database, min(plan.rounds, _MOST_ROUNDS))
        except BenchError as error:
            if database == "sqlite":
                raise
            say(f"tasks: {name} is left out: {error}")
    say(f"tasks: {time.monotonic() - begun:.0f} s in all")
    return draw({"runs": [asdict(one) for one in runs]}, plan)


# --- the section ------------------------------------------------------------------------------------------


def _of(runs: Sequence[Done], database: str, wanted: int, worker: str) -> list[Done]:
    return [one for one in runs if (one.database, one.wanted, one.worker) == (database, wanted, worker)]


def _row(runs: Sequence[Done], database: str, wanted: int, worker: str) -> list[str]:
    found, ours = (_of(runs, database, wanted, of) for of in (worker, "hendrix"))
    done = min(one.tasks for one in found)
    ratio = figures.pairwise({one.round: one.cpu_us for one in found}, {one.round: one.cpu_us for one in ours})
    return [
        _NAMES[worker],
        f"{wanted:,}" if done == wanted else f"{done:,} of {wanted:,}, then time was up",
        table.number(figures.middle(one.rate for one in found)),
        table.number(figures.middle(one.cpu_us for one in found)),
        table.number(ratio.median if ratio else None),
        str(len(found)),
    ]


def _panel(runs: Sequence[Done], database: str) -> plot.Panel:
    bars = []
    for worker, name in _NAMES.items():
        rate = figures.middle(one.rate for one in _of(runs, database, _SHORT, worker)) or 0.0
        bars.append(plot.Bar(name, rate, table.number(rate), "first" if worker == "hendrix" else "bar"))
    return plot.Panel(_DATABASES[database], sorted(bars, key=lambda bar: -bar.value))


def draw(raw: dict[str, list[Raw]], plan: Plan) -> Section:
    """What was measured, as it stands in the report."""
    runs = [Done(**one) for one in raw["runs"]]
    parts = [
        "![Tasks per second](tasks.svg)",
        "Tasks that do nothing, from the project's database: what is counted is the queue. One worker each, ours "
        f"(`--task-workers 1`) and the reference worker of {_REFERENCE} (`db_worker`), which both run on one core "
        "by turns, each with its own database and persistent connections; the queue is filled when both are up. "
        "CPU time of all processes of that side, the database server's not included; it has the other core. SQLite "
        "with `journal_mode=WAL` and `synchronous=NORMAL`; PostgreSQL with its defaults.",
    ]
    there = [database for database in _DATABASES if any(one.database == database for one in runs)]
    for database in there:
        sizes = [(wanted, worker) for wanted in (_SHORT, _LONG) for worker in _NAMES]
        rows = [_row(runs, database, *one) for one in sizes if _of(runs, database, *one)]
        parts += [f"{_DATABASES[database]}:", table.markdown(_HEADS, rows)]
    unit = f"{_SHORT:,} tasks that do nothing, one worker on one core; more is better"
    picture = plot.svg("Tasks per second", unit, [_panel(runs, database) for database in there])
    return Section("tasks", "Tasks", "\n\n".join(parts), raw, {"tasks.svg": picture})
