"""Restart by re-execution: the same pid, the same sockets, another program, and nothing fails meanwhile."""

import os
import signal
from pathlib import Path

import pytest

from tests.kit.live import until
from tests.process.console import ask, control_socket, status
from tests.process.load import load
from tests.process.test_crashes import template
from tests.process.test_signals import gone, waiting

LATE = 0.5


def started(pid):
    """When the process began, and when it was executed: only the first stays the same."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("how", ["USR2", "ask"])
def test_nothing_fails_and_the_pid_stays(project, workers, how):
    with project.serve("-w", str(workers)) as server, load(server) as running:
        running.more()
        before, birth = set(server.workers()), started(server.pid)
        for _ in range(3):
            if how == "ask":
                assert ask(server, "restart")["done"] == 0
            else:
                since = server.mark()
                server.signal(signal.SIGUSR2)
                server.await_log("reload.done", since)
        until(lambda: set(server.workers()).isdisjoint(before), "the old workers to leave")
        running.more()
        assert started(server.pid) == birth
        assert status(server)["pid"] == server.pid
        assert server.log().count("server.restarted") == 3
    assert running.failures == []
    assert running.slowest < LATE
    until(lambda: gone(server), "its processes to end")
    assert not control_socket(server).exists()
    assert not control_socket(server).with_suffix(".pid").exists()


def test_new_options_of_the_file_are_taken(project):
    with project.serve("-w", "1") as server:
        (project.folder / "hendrix.toml").write_text("backlog = 100\nserver_header = 'other'\n")
        assert ask(server, "restart")["done"] == 0
        with server.client() as client:
            assert client.get("/hello")["server"] == "other"


def test_broken_options_do_not_end_the_server(project):
    with project.serve() as server, load(server) as running:
        running.more()
        (project.folder / "hendrix.toml").write_text("threads = 'many'\n")
        done = ask(server, "restart")
        assert done["done"] == 1
        assert "hendrix.toml" in done["summary"]
        running.more()
    assert running.failures == []


def test_broken_code_leaves_the_old_workers_and_their_template(project):
    with project.serve("-w", "2") as server, load(server) as running:
        running.more()
        before = set(server.workers())
        project.write("urls.py", "def (\n")
        done = ask(server, "restart")
        assert done["done"] == 3
        assert "SyntaxError" in done["summary"]
        assert set(server.workers()) == before
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in server.workers() and len(server.workers()) == 2, "full strength")
        running.more()
    assert len(running.failures) <= 4


def test_requests_under_way_finish(project):
    with project.serve() as server:
        client, go_on = waiting(project, server)
        assert ask(server, "restart")["done"] == 0
        go_on()
        with client:
            assert client.answer().status == 200


def test_a_link_that_a_deploy_turned_is_followed(project, tmp_path):
    """``current`` -> ``releases/1``, as many deploy tools have it."""
    import shutil

    first, second = tmp_path / "r1", tmp_path / "r2"
    shutil.copytree(project.folder, first, ignore=shutil.ignore_patterns("r1", "r2", "current"))
    shutil.copytree(first, second)
    views = second / "site1" / "views.py"
    views.write_text(views.read_text().replace('HttpResponse("hello")', 'HttpResponse("second")'))
    current = tmp_path / "current"
    current.symlink_to(first)
    project.folder = current
    with project.serve(PWD=str(current)) as server:
        current.unlink()
        current.symlink_to(second)
        for do in ("reload", "restart"):
            assert ask(server, do)["done"] == 0
            with server.client() as client:
                assert client.get("/hello").body == b"second"


def test_a_killed_template_after_a_restart(project):
    with project.serve() as server, load(server) as running:
        assert ask(server, "restart")["done"] == 0
        until(lambda: len(template(server)) == 1, "the template before to be gone")
        (before,) = template(server)
        os.kill(before, signal.SIGKILL)
        until(lambda: template(server) not in ([], [before]), "another template")
        running.more()
    assert running.failures == []
