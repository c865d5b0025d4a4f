"""Publishing and subscribing in a served project: over workers, reloads, and from processes beside the server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.kit.live import until

VIEWS = """
import os

import hendrix
from django.http import HttpResponse, JsonResponse

HEARD = []


def publish(request):
    return HttpResponse(hendrix.publish("news", request.GET["say"]))


async def apublish(request):
    return HttpResponse(await hendrix.apublish("news", request.GET["say"]))


async def listen(request):
    if not getattr(listen, "on", False):
        listen.on = True
        hendrix.on_message("news", lambda message: HEARD.append(message.data))
        await hendrix.ahistory("news")  # behind the subscription, on the same connection
    return JsonResponse({"pid": os.getpid(), "heard": HEARD})


async def history(request):
    found = await hendrix.ahistory("news", 100_000)
    return JsonResponse({"ids": [str(one.id) for one in found], "data": [one.data for one in found]})
"""

URLS = """
from django.urls import path
from site1 import views

urlpatterns = [path(name, getattr(views, name)) for name in ("publish", "apublish", "listen", "history")]
"""


@pytest.fixture
def runtime():
    with tempfile.TemporaryDirectory(prefix="hx-") as folder:
        yield folder


@pytest.fixture
def served(project, runtime):
    project.write("views.py", VIEWS)
    project.write("urls.py", URLS)
    with project.serve("-w", "2", XDG_RUNTIME_DIR=runtime) as server:
        yield server


def get(server, path):
    with server.client() as client:
        return client.get(path).body.decode()


def relay_of(server):
    """The pid of its relay, if it has one."""
    for number in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
        if Path(f"/proc/{number}/cmdline").read_bytes().startswith(b"hendrix: relay"):
            return int(number)
    return None


def both_listen(server):
    found = {}

    def asked():
        answer = json.loads(get(server, "/listen"))
        found[answer["pid"]] = answer["heard"]
        return len(found) == 2

    until(asked, "both workers")
    return found


def told(project, runtime):
    """What ``hx status`` says of the relay."""
    (pid_file,) = Path(runtime, "hendrix").glob("*.pid")
    command = [sys.executable, "-m", "hendrix", "status", "--json", "--pid", str(pid_file)]
    environ = project.environ(XDG_RUNTIME_DIR=runtime)
    done = subprocess.run(command, cwd=project.folder, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["hub"]


def test_who_publishes_nothing_has_no_relay(served, runtime, project):
    assert told(project, runtime)["pid"] is None
    assert relay_of(served) is None
    assert list(Path(runtime, "hendrix").glob("*.hub"))


def test_all_workers_hear_what_one_publishes(served):
    both_listen(served)
    get(served, "/publish?say=sync")
    get(served, "/apublish?say=async")
    until(lambda: set(map(tuple, both_listen(served).values())) == {("sync", "async")}, "both to hear it")
    assert relay_of(served)


def test_a_killed_relay_is_back_and_knows_what_was_confirmed(served, project, runtime):
    ids = [get(served, f"/publish?say={number}") for number in range(20)]
    before = relay_of(served)
    os.kill(before, signal.SIGKILL)
    ids += [get(served, f"/apublish?say={number}") for number in range(20, 40)]
    found = json.loads(get(served, "/history"))
    assert found["ids"] == ids
    assert found["data"] == [str(number) for number in range(40)]
    assert relay_of(served) not in (None, before)
    both_listen(served)
    hub = told(project, runtime)
    assert (hub["pid"], hub["restarts"], hub["topics"], hub["subscriptions"]) == (relay_of(served), 1, 1, 2)
    assert hub["kept"] == 40 and hub["bytes"] > 40 and hub["peers"] >= 3


def test_a_reload_loses_nothing(served):
    ids = [get(served, f"/publish?say={number}") for number in range(10)]
    os.kill(served.pid, signal.SIGHUP)
    for number in range(10, 60):
        ids.append(get(served, f"/publish?say={number}"))
    until(lambda: "reload.done" in served.log(), "the reload")
    assert json.loads(get(served, "/history"))["ids"] == ids


def test_a_restart_of_the_program_loses_nothing_and_renews_the_relay(served):
    ids = [get(served, f"/publish?say={number}") for number in range(10)]
    before = relay_of(served)
    os.kill(served.pid, signal.SIGUSR2)
    until(lambda: "server.restarted" in served.log(), "the restart")
    ids += [get(served, f"/publish?say={number}") for number in range(10, 20)]
    assert json.loads(get(served, "/history"))["ids"] == ids
    assert relay_of(served) not in (None, before)


def test_commands_beside_the_server_find_it(served, project, runtime):
    both_listen(served)
    code = "import hendrix; print(hendrix.publish('news', 'from a shell'), hendrix.history('news')[-1].data)"
    environ = project.environ(XDG_RUNTIME_DIR=runtime)
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    done = subprocess.run(command, cwd=project.folder, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("from a shell\n")
    until(lambda: all(heard == ["from a shell"] for heard in both_listen(served).values()), "both to hear it")
