"""Tasks in supervised workers, on SQLite and PostgreSQL: kills, drains, reloads, retries, what is missing."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version

import pytest

from tests.kit.live import until
from tests.kit.postgres import Unavailable, postgres
from tests.process.hx import actions

BACKPORT = version("Django").startswith("5.")
MODULE = "django_tasks" if BACKPORT else "django.tasks"

SETTINGS = f"""
INSTALLED_APPS += {["django_tasks"] if BACKPORT else []} + ["django_tasks_db", "hendrix.tasks"]
SCHEDULES = {{}}
TASKS = {{
    "default": {{
        "BACKEND": "hendrix.tasks.backend.TaskBackend",
        "QUEUES": ["default", "other"],
        "OPTIONS": {{"SCHEDULES": SCHEDULES}},
    }}
}}
"""

TASKS = f"""
import asyncio
import os
import signal
import time
from pathlib import Path

from django.db import transaction
from {MODULE} import task

from hendrix.tasks.retry import retry

BOOK = Path(__file__).with_name("book")


def note(text):
    with BOOK.open("a") as book:
        book.write(text + "\\n")


@task
def plain(what):
    note(f"{{what}} by {{os.getpid()}}")
    return {{"what": what}}


@task
async def coroutine(what):
    await asyncio.sleep(0)
    note(what)
    return what


@task
def slow(what, seconds):
    note(f"begun {{what}}")
    time.sleep(seconds)
    note(f"done {{what}}")


@task
def kills_once(what):
    with BOOK.open("a"):
        again = f"begun {{what}}" in BOOK.read_text()
    note(f"begun {{what}}")
    if not again:
        os.kill(os.getpid(), signal.SIGKILL)
    note(f"done {{what}}")


@task
def kills(what):
    note(f"begun {{what}}")
    os.kill(os.getpid(), signal.SIGKILL)


@task
@retry(2, backoff=0.1)
def fails(what):
    note(f"try {{what}}")
    raise LookupError(what)


@task(takes_context=True)
@retry(3, backoff=0.1)
def fails_twice(context, what):
    note(f"attempt {{context.attempt}}")
    if context.attempt < 3:
        raise LookupError(what)
    return context.attempt


@task
@retry(1, backoff=0)
def says(what):
    for hexadecimal in ("00", "dc80"):
        what = what.replace(hexadecimal, chr(int(hexadecimal, 16)))
    raise LookupError(what)


@task
def exits():
    raise SystemExit(3)


@task
def leaves_open(what):
    transaction.set_autocommit(False)
    note(what)


@task
def generation():
    note("GENERATION")
"""

VIEWS = """
import json
from django.http import JsonResponse
from site1 import tasks


def enqueue(request):
    args = json.loads(request.GET.get("args", "[]"))
    using = {name: json.loads(value) for name, value in request.GET.items() if name in ("priority", "queue_name")}
    return JsonResponse({"id": getattr(tasks, request.GET["task"]).using(**using).enqueue(*args).id})


def result(request):
    found = tasks.plain.get_backend().get_result(request.GET["id"])
    value = found.return_value if str(found.status) == "SUCCESSFUL" else None
    errors = [error.exception_class_path for error in found.errors]
    return JsonResponse({"status": str(found.status), "value": value, "errors": errors, "attempts": found.attempts})
"""
URLS = """
from django.urls import path
from site1 import views

urlpatterns = [path("enqueue", views.enqueue), path("result", views.result)]
"""


def manage(project, *words):
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=project.folder, env=project.environ(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write(project, settings=""):
    project.add("settings.py", SETTINGS + settings)
    project.write("tasks.py", TASKS)
    project.write("views.py", VIEWS)
    project.write("urls.py", URLS)
    return project


@pytest.fixture(scope="module")
def server_of_postgres():
    try:
        with postgres() as home:
            yield home
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(params=["sqlite", "postgresql"])
def made(project, request):
    settings = ""
    if request.param == "postgresql":
        home = request.getfixturevalue("server_of_postgres")
        name = f"tasks{time.monotonic_ns()}"
        subprocess.run([sys.executable, "-c", _CREATE, home, name], check=True)
        where = {"ENGINE": "django.db.backends.postgresql", "HOST": home, "USER": "postgres", "NAME": name}
        settings = f"\nDATABASES = {{'default': {where}}}\n"
    write(project, settings)
    manage(project, "migrate", "-v0")
    return project


@pytest.fixture
def lite(project):
    write(project)
    manage(project, "migrate", "-v0")
    return project


_CREATE = """
import sys, psycopg
with psycopg.connect(host=sys.argv[1], user="postgres", dbname="postgres", autocommit=True) as connection:
    connection.execute(f"CREATE DATABASE {sys.argv[2]}")
"""


def lines(project):
    book = project.package / "book"
    return book.read_text().splitlines() if book.exists() else []


def ask(server, path):
    with server.client() as client:
        answer = client.get(path)
    assert answer.status == 200, answer.text
    return json.loads(answer.body)


def enqueue(server, task, *args, **using):
    more = "".join(f"&{name}={json.dumps(value)}" for name, value in using.items())
    return ask(server, f"/enqueue?task={task}&args={json.dumps(args).replace(' ', '%20')}{more}")["id"]


def ended(server, task_id, seconds=30):
    def look():
        found = ask(server, f"/result?id={task_id}")
        return found if found["status"] in ("SUCCESSFUL", "FAILED") else None

    return until(look, "the task to end", seconds)


def task_workers(server):
    found = []
    with open(f"/proc/{server.pid}/task/{server.pid}/children") as file:
        for child in file.read().split():
            if server._title(int(child)).startswith("hendrix: task worker"):
                found.append(int(child))
    return found


def serve(project, *options):
    return project.serve("--task-workers", "1", "--task-interval", "0.05", *options)


def test_tasks_run_in_their_own_process(made) -> None:
    with serve(made) as server:
        (worker,) = task_workers(server)
        assert worker not in server.workers()
        found = ended(server, enqueue(server, "plain", "a"))
        assert found == {"status": "SUCCESSFUL", "value": {"what": "a"}, "errors": [], "attempts": 1}
        assert lines(made) == [f"a by {worker}"]
        assert ended(server, enqueue(server, "coroutine", "b"))["value"] == "b"
        assert ended(server, enqueue(server, "exits"))["errors"] == ["builtins.SystemExit"]
        assert task_workers(server) == [worker]


def test_two_workers_run_each_task_once(made) -> None:
    with made.serve("--task-workers", "2", "--task-interval", "0.05") as server:
        ids = [enqueue(server, "plain", number) for number in range(40)]
        assert {ended(server, one)["attempts"] for one in ids} == {1}
        assert sorted(int(line.split()[0]) for line in lines(made)) == list(range(40))


def test_a_worker_that_is_killed_loses_no_task(made) -> None:
    with serve(made) as server:
        (worker,) = task_workers(server)
        one = enqueue(server, "slow", "x", 1.0)
        others = [enqueue(server, "coroutine", str(number)) for number in range(5)]
        until(lambda: lines(made) == ["begun x"])
        os.kill(worker, signal.SIGKILL)
        found = ended(server, one)
        assert found["status"] == "SUCCESSFUL"
        assert found["attempts"] == 2
        assert {ended(server, other)["status"] for other in others} == {"SUCCESSFUL"}
        assert sorted(lines(made)) == sorted(["begun x", "begun x", "done x", *"01234"])
        assert "worker.died" in server.log() or "SIGKILL" in server.log()


#: Turns of a worker, without its process.
TURNS = """
from django_tasks_db.models import DBTaskResult
from hendrix.tasks.loop import TaskLoop
from site1 import tasks

low, other, high = (tasks.plain.using(priority=number).enqueue(name) for name, number in
                    (("low", -5), ("other", 0), ("high", 5)))
loop = TaskLoop([], 0.1)

def held():
    return [(row.args_kwargs["args"], row.worker_ids == [loop.me.id]) for row in DBTaskResult.objects.running()]

assert loop._turn() and held() == [(["other"], True)], held()
urgent = tasks.leaves_open.using(priority=9).enqueue("urgent")
assert loop._turn() and loop.row.task_path == "site1.tasks.leaves_open", loop.row
assert loop._turn() and str(loop.row.id) == low.id

# The database took it for us and its answer was lost; nobody else is to wait until we end.
loop.row, loop._next_round = None, 0.0
assert loop._turn() and not held()
assert not loop._turn() and loop.row is None
print([row.status for row in DBTaskResult.objects.all()], [len(row.worker_ids) for row in DBTaskResult.objects.all()])

# What is held and was not begun is given back at the end.
tasks.plain.enqueue("first"), tasks.plain.enqueue("second")
assert loop._turn() and held() == [(["second"], True)]
loop.leave()
loop.run()
row = DBTaskResult.objects.get(args_kwargs__args=["second"])
assert (row.status, row.worker_ids, row.started_at) == ("READY", [], None)
"""


#: What cannot be run, or cannot be told, ends the task and not its worker.
HOPELESS = r"""
from django_tasks_db.models import DBTaskResult
from hendrix.tasks.loop import TaskLoop
from site1 import tasks

def told(task_id):
    row = DBTaskResult.objects.get(pk=task_id)
    return row.status, row.exception_class_path, row.traceback

unstorable = tasks.says.enqueue("null 00 half dc80")
forgotten, gone, broken = (tasks.plain.enqueue(name) for name in ("forgotten", "gone", "broken"))
rows = DBTaskResult.objects
rows.filter(pk=forgotten.id).update(queue_name="no longer in the settings")
rows.filter(pk=gone.id).update(task_path="site1.tasks.gone")
rows.filter(pk=broken.id).update(task_path="site1.broken.task")
loop = TaskLoop([], 0.1)
while loop._turn() or rows.ready().exists():
    pass
status, kind, trace = told(unstorable.id)
assert (status, kind) == ("FAILED", "builtins.LookupError") and "null \\x00 half \\udc80" in trace, trace
assert told(forgotten.id)[0] == told(gone.id)[0] == told(broken.id)[0] == "FAILED"
assert "InvalidTask" in told(forgotten.id)[1] and told(broken.id)[1] == "builtins.ZeroDivisionError"
print("all told")
"""


def test_what_cannot_be_run_or_told_does_not_end_the_worker(made) -> None:
    made.write("broken.py", "1 / 0")
    assert manage(made, "shell", "-v0", "-c", HOPELESS) == "all told\n"


#: A worker on another host, whose clock is an hour behind; and its last sign of life, too long ago.
ELSEWHERE = """
from dataclasses import replace
from datetime import timedelta
from unittest import mock
from django.db.models.functions import Now
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from hendrix.tasks import holding, presence, readiness
from hendrix.tasks.models import TaskWorker
from site1 import tasks

tasks.plain.enqueue("a")
me, backends, using = presence.identify(), readiness.backends(), readiness.alias()
other = replace(presence.identify(), host="elsewhere", born=1)
now = timezone.now()
with mock.patch("django.utils.timezone.now", lambda: now - timedelta(hours=1)):
    presence.appear(other, using)
row = holding.take(DBTaskResult.objects.all(), other.id)
print(holding.recover(me, backends), end=" ")
TaskWorker.objects.update(seen=Now() - timedelta(seconds=presence.LEASE + 1))
print(holding.recover(me, backends), DBTaskResult.objects.get().status)
"""


def test_a_worker_elsewhere_is_known_by_its_signs_of_life_whatever_its_clock_says(made) -> None:
    assert manage(made, "shell", "-v0", "-c", ELSEWHERE).split("\n")[-2] == "0 1 READY"


#: The result of a task, by a database that is away for longer than one waits for one that refuses it.
AWAY = """
from unittest import mock
from django.db import OperationalError
from hendrix.tasks import loop

def change():
    attempts.append(1)
    if len(attempts) < 6:
        raise OperationalError("refused")
    return "written"

with mock.patch.object(loop, "_PERSISTENCE", 0.2), mock.patch.object(loop, "_LONGEST_REST", 0.1):
    attempts = []
    with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.connect", side_effect=OperationalError("away")):
        print(loop._persist("default", change), end=" ")
    attempts = []
    try:
        print(loop._persist("default", change))
    except OperationalError as error:
        print(error)
"""


def test_a_result_is_kept_for_as_long_as_the_database_is_away(lite) -> None:
    assert manage(lite, "shell", "-v0", "-c", AWAY).split("\n")[-2] == "written refused"


def test_turns(made) -> None:
    said = manage(made, "shell", "-v0", "-c", TURNS)
    assert said.split("\n")[-2] == "['SUCCESSFUL', 'SUCCESSFUL', 'SUCCESSFUL', 'SUCCESSFUL'] [1, 1, 1, 1]"
    assert [line.split()[0] for line in lines(made)] == ["high", "other", "urgent", "low", "first"]


def test_a_task_that_kills_its_worker_is_given_up_in_the_end(lite) -> None:
    with serve(lite) as server:
        found = ended(server, enqueue(server, "kills", "x"), 60)
        assert found["errors"] == ["hendrix.core.errors.WorkerDied"]
        assert lines(lite) == ["begun x"] * 5
        assert ended(server, enqueue(server, "kills_once", "y"), 60)["status"] == "SUCCESSFUL"


def test_retries(lite) -> None:
    with serve(lite) as server:
        found = ended(server, enqueue(server, "fails", "x"))
        assert (found["errors"], found["attempts"]) == (["builtins.LookupError"], 3)
        assert lines(lite) == ["try x"] * 3
        assert ended(server, enqueue(server, "fails_twice", "y"))["value"] == 3


def test_queues_and_priorities(lite) -> None:
    with lite.serve("--task-workers", "1", "--task-queues", "other", "--task-interval", "0.05") as server:
        enqueue(server, "plain", "not mine")
        enqueue(server, "slow", "first", 0.5, queue_name="other")
        until(lambda: lines(lite) == ["begun first"])
        low = enqueue(server, "coroutine", "low", queue_name="other", priority=-5)
        enqueue(server, "coroutine", "high", queue_name="other", priority=5)
        ended(server, low)
        assert lines(lite) == ["begun first", "done first", "high", "low"]


def test_a_stop_waits_for_the_task(lite) -> None:
    with serve(lite) as server:
        enqueue(server, "slow", "x", 1.5)
        until(lambda: lines(lite) == ["begun x"])
        server.signal(signal.SIGTERM)
        assert server.process.wait(15) == 0
    assert lines(lite) == ["begun x", "done x"]


def test_a_task_that_takes_too_long_is_given_back(lite) -> None:
    with serve(lite, "--task-timeout", "0.3") as server:
        enqueue(server, "slow", "x", 60)
        until(lambda: lines(lite) == ["begun x"])
        server.signal(signal.SIGTERM)
        assert server.process.wait(15) == 0
        assert "given" in server.log()
    status = manage(
        lite, "shell", "-v0", "-c", "from django_tasks_db.models import *; print(DBTaskResult.objects.get().status)"
    )
    assert status.split()[-1] == "READY"


def test_a_reload_brings_new_code(lite) -> None:
    with serve(lite) as server:
        (old,) = task_workers(server)
        ended(server, enqueue(server, "generation"))
        enqueue(server, "slow", "x", 1.5)
        until(lambda: "begun x" in lines(lite))
        lite.write("tasks.py", TASKS.replace("GENERATION", "SECOND"))
        server.signal(signal.SIGHUP)
        until(lambda: old not in task_workers(server) and task_workers(server))
        ended(server, enqueue(server, "generation"))
        assert lines(lite) == ["GENERATION", "begun x", "done x", "SECOND"]


def test_schedules(project) -> None:
    entry = {"each": {"task": "site1.tasks.plain", "cron": "* * * * *", "args": ["due"]}}
    write(project, f"\nSCHEDULES.update({entry!r})\n")
    manage(project, "migrate", "-v0")
    with project.serve("--task-workers", "2", "--task-interval", "0.05") as server:
        look = "from hendrix.tasks.models import *; print(TaskSchedule.objects.count())"
        until(lambda: manage(project, "shell", "-v0", "-c", look).split()[-1] == "1")
        clock = (
            "from hendrix.tasks.models import *; from datetime import timedelta; from django.utils import timezone;"
        )
        # As a clock says it that is ahead, and is set right then.
        future = f"{clock} TaskSchedule.objects.update(due=timezone.now() + timedelta(hours=3))"
        manage(project, "shell", "-v0", "-c", future)
        os.kill(task_workers(server)[0], signal.SIGKILL)  # its successor looks at once
        soon = f"{clock} print(TaskSchedule.objects.get().due < timezone.now() + timedelta(hours=1))"
        until(lambda: manage(project, "shell", "-v0", "-c", soon).split()[-1] == "True", seconds=70)
        past = f"{clock} TaskSchedule.objects.update(due=timezone.now() - timedelta(hours=3))"
        manage(project, "shell", "-v0", "-c", past)
        os.kill(task_workers(server)[0], signal.SIGKILL)  # its successor looks at once
        until(lambda: any("due" in line for line in lines(project)), seconds=70)
        time.sleep(0.5)
        assert sum("due" in line for line in lines(project)) <= 2


def test_they_are_in_the_status(lite) -> None:
    with actions(lite) as hx:
        hx.daemon("--task-workers", "2", "--task-interval", "0.05")
        facts = json.loads(hx("status", "--json").stdout)
        assert [worker["kind"] for worker in facts["workers"]].count("tasks") == 2
        assert facts["task_workers_wanted"] == 2
        assert "1 worker and 2 task workers wanted" in hx("status").stdout
        assert hx("stop").returncode == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", "INSTALLED_APPS lacks 'django_tasks_db' and 'hendrix.tasks'"),
        (SETTINGS, "has no table django_tasks_database_dbtaskresult; run manage.py migrate"),
        (SETTINGS + "TASKS = {'default': {'BACKEND': 'BACKPORT.backends.immediate.ImmediateBackend'}}", "set TASKS"),
        (SETTINGS + "SCHEDULES['x'] = {'task': 'a', 'cron': 'never'}", "no cron expression"),
    ],
)
def test_what_is_missing_is_said_in_one_line(project, settings, said) -> None:
    project.add("settings.py", settings.replace("BACKPORT", MODULE))
    status, told = project.fails("--task-workers", "1")
    assert status == 3
    assert said in told
    assert "Traceback" not in told


def test_a_database_that_is_locked_for_a_while(lite) -> None:
    import sqlite3

    with serve(lite) as server:
        ended(server, enqueue(server, "plain", "a"))
        one = enqueue(server, "slow", "x", 0.5)
        until(lambda: "begun x" in lines(lite))
        with sqlite3.connect(lite.folder / "db.sqlite3", isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(7)
            other.execute("COMMIT")
        found = ended(server, one)
        assert (found["status"], found["attempts"]) == ("SUCCESSFUL", 1)
