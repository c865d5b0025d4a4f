"""No-op tasks from the database: our task workers beside the reference worker of django-tasks-db.

    .venv/bin/python -m bench.tasks [--count 10000] [--workers 1 2]

Each run has a fresh project and database, in which the tasks wait already; what counts is the time from the first task
that is taken to the last that is done. With PostgreSQL where there is one (scripts/find-postgres).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django import VERSION

from tests.kit.postgres import Unavailable, postgres

MODULE = "django.tasks" if VERSION >= (6, 0) else "django_tasks"
SETTINGS = """
SECRET_KEY = "of a benchmark"
USE_TZ = True
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [{apps} "django_tasks_db", "hendrix.tasks", "work"]
DATABASES = {{"default": {database}}}
TASKS = {{"default": {{"BACKEND": "hendrix.tasks.backend.TaskBackend"}}}}
LOGGING_CONFIG = None
"""
WORK = f"from {MODULE} import task\n\n\n@task\ndef nothing():\n    pass\n"
FILL = """
import django
django.setup()
from django_tasks_db.models import DBTaskResult, get_date_max
rows = (
    DBTaskResult(
        task_path="work.nothing", args_kwargs={{"args": [], "kwargs": {{}}}}, backend_name="default",
        run_after=get_date_max(), exception_class_path="", traceback="",
    )
    for _ in range({count})
)
DBTaskResult.objects.bulk_create(rows, batch_size=500)
"""
LOOK = """
import sys, time
import django
django.setup()
from django.db.models import Max, Min
from django_tasks_db.models import DBTaskResult
until = time.monotonic() + {patience}
while DBTaskResult.objects.exclude(status="SUCCESSFUL").exists():
    if time.monotonic() > until:
        sys.exit("not done")
    time.sleep(0.2)
found = DBTaskResult.objects.aggregate(Min("started_at"), Max("finished_at"))
print((found["finished_at__max"] - found["started_at__min"]).total_seconds())
"""
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": "db.sqlite3",
    "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL;", "transaction_mode": "IMMEDIATE", "timeout": 20},
}
PATIENCE = 600


def main() -> int:
    """See the top of this file."""
    parser = argparse.ArgumentParser(prog="python -m bench.tasks")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    print(f"{'database':12} {'worker':28} {'workers':>7} {'tasks/s':>8}")
    for name, database in _databases():
        for workers in arguments.workers:
            for kind, begin in (("django-tasks-db db_worker", _reference), ("hendrix --task-workers", _ours)):
                with database() as settings, _project(settings) as project:
                    seconds = _measure(project, arguments.count, workers, begin)
                print(f"{name:12} {kind:28} {workers:7} {arguments.count / seconds:8.0f}", flush=True)
    return 0


def _databases() -> Iterator[tuple[str, object]]:
    yield "sqlite", lambda: contextlib.nullcontext(SQLITE)
    try:
        with postgres():
            pass
    except Unavailable as reason:
        print(f"no PostgreSQL: {reason}")
        return
    yield "postgresql", _postgres


@contextlib.contextmanager
def _postgres() -> Iterator[dict[str, object]]:
    with postgres() as home:
        engine = "django.db.backends.postgresql"
        yield {"ENGINE": engine, "HOST": home, "USER": "postgres", "NAME": "postgres", "CONN_MAX_AGE": None}


@contextlib.contextmanager
def _project(database: dict[str, object]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tasks-") as folder:
        apps = '"django_tasks",' if VERSION < (6, 0) else ""
        place = Path(folder)
        (place / "settings.py").write_text(SETTINGS.format(apps=apps, database=database))
        (place / "urls.py").write_text("urlpatterns = []\n")
        (place / "work.py").write_text(WORK)
        yield place


def _environ(project: Path) -> dict[str, str]:
    ours = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(project), "XDG_RUNTIME_DIR": str(project)}
    return {**os.environ, **ours}


def _measure(project: Path, count: int, workers: int, begin: object) -> float:
    _run(project, "-m", "django", "migrate", "-v0")
    _run(project, "-c", FILL.format(count=count))
    started = begin(project, workers)  # type: ignore[operator]
    try:
        return float(_run(project, "-c", LOOK.format(patience=PATIENCE)))
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)
        time.sleep(0.1)


def _run(project: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=project, env=_environ(project), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return done.stdout


def _start(project: Path, *words: str) -> subprocess.Popen[bytes]:
    with (project / "log").open("ab") as log:
        return subprocess.Popen([sys.executable, *words], cwd=project, env=_environ(project), stdout=log, stderr=log)


def _reference(project: Path, workers: int) -> list[subprocess.Popen[bytes]]:
    words = ("-m", "django", "db_worker", "--interval", "0.1", "--no-startup-delay", "-v0")
    return [_start(project, *words) for _ in range(workers)]


def _ours(project: Path, workers: int) -> list[subprocess.Popen[bytes]]:
    words = ("start", "--bind", "127.0.0.1:0", "--task-workers", str(workers), "--task-interval", "0.1")
    return [_start(project, "-m", "hendrix", *words)]


if __name__ == "__main__":
    sys.exit(main())
