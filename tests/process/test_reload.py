"""Reload under load: nothing fails and nothing is late, whatever the new code is like."""

import os
import signal
import threading
import time

import pytest

from tests.kit.live import until
from tests.kit.whole import EVERYTHING
from tests.process.console import ask, status
from tests.process.load import load
from tests.process.project import Project

RELOADS, IMPORT_TAKES = (20, 4) if EVERYTHING else (6, 2)
#: No request may take longer, in seconds.
LATE = 0.5


def version(server):
    with server.client() as client:
        return int(client.get("/version").body)


def with_version(project, number, more=""):
    project.write("version.py", f"{more}\nNUMBER = {number}\n")


def say_versions(project):
    """Have the project say which version of its code answers."""
    project.add(
        "views.py", "from site1 import version as v\n\n\ndef rows(request):\n    return HttpResponse(v.NUMBER)\n"
    )
    project.write("urls.py", URLS)
    with_version(project, 0)
    return project


@pytest.fixture
def versioned(project):
    return say_versions(project)


URLS = """
from django.urls import path

from site1 import views

urlpatterns = [
    path("pid", views.pid), path("version", views.rows), path("hello", views.hello), path("wait", views.wait)
]
"""


@pytest.mark.long
def test_reloads_in_a_row_with_one_worker_and_with_four(tmp_path):
    """A project that takes seconds to import. Both servers at once, as they only wait."""
    outcomes = {}

    def run(workers):
        slow = say_versions(Project(tmp_path / str(workers)))
        with_version(slow, 0, f"import time\ntime.sleep({IMPORT_TAKES})")
        with slow.serve("-w", str(workers)) as server, load(server) as running:
            running.more()
            done = [ask(server, "reload") for _ in range(RELOADS)]
            running.more()
            outcomes[workers] = (done, running.failures, running.slowest, status(server))

    threads = [threading.Thread(target=run, args=(workers,)) for workers in (1, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for workers in (1, 4):
        done, failures, slowest, facts = outcomes[workers]
        assert failures == []
        assert slowest < LATE
        assert [one["done"] for one in done] == [0] * RELOADS
        assert facts["generation"] == RELOADS + 1
        assert [one["state"] for one in facts["workers"]].count("ready") == workers


@pytest.mark.parametrize("preload", [(), ("--no-preload",)], ids=["preload", "no-preload"])
def test_code_that_is_saved_twice_in_a_second(versioned, preload):
    """Python's bytecode does not tell the second from the first, if they are of one size (PEP 552)."""
    second = time.time() + 60

    def save(number):
        with_version(versioned, number)
        os.utime(versioned.package / "version.py", (second, second))

    save(1)
    with versioned.serve(*preload) as server:
        for number in (1, 2, 3):
            save(number)
            assert ask(server, "reload")["done"] == 0
            assert version(server) == number


def test_the_new_code_answers_after_a_reload(versioned):
    with versioned.serve("-w", "2") as server, load(server) as running:
        assert version(server) == 0
        before = set(server.workers())
        with_version(versioned, 1)
        server.signal(signal.SIGHUP)
        server.await_log("reload.done")
        assert version(server) == 1
        until(lambda: set(server.workers()).isdisjoint(before), "the old workers to leave")
        running.more()
    assert running.failures == []
    assert running.slowest < LATE


BROKEN = {
    "syntax error": ("def f(:\n", "SyntaxError"),
    "failing import": ("import no_such_module\n", "no_such_module"),
    "failing check": (
        "from django.core.checks import Error, register\n\n\n"
        "@register()\ndef always(app_configs, **kwargs):\n    return [Error('never good', id='site1.E001')]\n",
        "site1.E001",
    ),
    "hanging import": ("import time\n\n\ndef hangs_here():\n    time.sleep(1000)\n\n\nhangs_here()\n", "hangs_here"),
    "dying import": ("import os\nos._exit(7)\n", "exit status 7"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("preload", [(), ("--no-preload",)], ids=["preload", "no-preload"])
def test_broken_code_is_not_taken(versioned, kind, preload):
    code, sign = BROKEN[kind]
    patience = "5" if kind == "hanging import" else "60"
    with versioned.serve("--start-timeout", patience, *preload) as server, load(server) as running:
        running.more()
        (before,) = server.workers()
        with_version(versioned, 1, code)
        done = ask(server, "reload")
        assert done["done"] == 3
        assert sign in done["summary"] + done["traceback"], done
        assert sign in server.log()
        running.more()
        assert server.workers() == [before]
        assert version(server) == 0
        with_version(versioned, 2)
        assert ask(server, "reload")["done"] == 0
        assert version(server) == 2
        running.more()
    assert running.failures == []
    assert running.slowest < LATE


def test_bad_options_are_not_taken(versioned):
    with versioned.serve() as server, load(server) as running:
        running.more()
        (versioned.folder / "hendrix.toml").write_text("threads = 'many'\n")
        done = ask(server, "reload")
        assert done["done"] != 0
        assert "hendrix.toml" in done["summary"]
        (versioned.folder / "hendrix.toml").write_text("threads = 3\n")
        assert ask(server, "reload")["done"] == 0
        running.more()
    assert running.failures == []


def test_a_crash_during_a_reload_is_made_good_by_the_old_code(versioned):
    import os

    with versioned.serve("-w", "2") as server, load(server) as running:
        running.more()
        with_version(versioned, 1, "import time\ntime.sleep(3)")
        server.signal(signal.SIGHUP)
        until(lambda: status(server)["candidate"], "the reload to begin")
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in server.workers() and len(server.workers()) == 2, "full strength")
        assert version(server) == 0
        server.await_log("reload.done")
        assert version(server) == 1
        running.more()
    assert len(running.failures) <= 4, running.failures
    assert running.slowest < LATE


def test_requests_under_way_finish_on_the_old_code(versioned):
    from tests.process.test_signals import waiting

    with versioned.serve() as server:
        (before,) = server.workers()
        client, go_on = waiting(versioned, server)
        assert ask(server, "reload")["done"] == 0
        go_on()
        with client:
            answer = client.answer()
        assert int(answer.body) == before
        assert answer["connection"] == "close"
        until(lambda: before not in server.workers(), "the old worker to leave")
