"""TERM, INT and USR1 under load."""

import json
import os
import signal
import time

import pytest

from tests.kit.live import until
from tests.process.load import load


def gone(server):
    """No process of the session is left."""
    try:
        os.killpg(server.pid, 0)
    except ProcessLookupError:
        return True
    return False


def waiting(project, server, name="mark"):
    """A request that is under way, and a function that lets it go on."""
    mark, gate = project.folder / name, project.folder / f"{name}-gate"
    client = server.client()
    client.begin("GET", f"/wait?mark={mark}&gate={gate}")
    until(mark.exists, "the view to begin")
    return client, gate.touch


@pytest.mark.parametrize("workers", [1, 2])
def test_term_lets_requests_finish(project, workers):
    with project.serve("-w", str(workers)) as server:
        with load(server) as running:
            running.more()
        client, go_on = waiting(project, server)
        with client, server.client() as idle:
            assert idle.get("/hello").status == 200
            server.signal(signal.SIGTERM)
            assert idle.closed(), "an idle connection is closed at once"
            with pytest.raises(ConnectionRefusedError):
                until(lambda: server.client().close(), "connections to be refused")
            assert server.process.poll() is None
            go_on()
            answer = client.answer()
            assert answer.status == 200
            assert answer["connection"] == "close"
        assert server.process.wait(20) == 0
        until(lambda: gone(server), "its processes to end")
        assert "server.stopped status=0" in server.log()


def test_term_under_load_breaks_no_answer(project):
    with project.serve("-w", "2") as server, load(server) as running:
        running.more(100)
        server.signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        until(lambda: gone(server), "its processes to end")
        until(lambda: running.failures, "connections to be refused")
        # Who was let in was answered whole. Who was still in line was turned away, at once and unread.
        broken = [failure for failure in running.failures if "Refused" not in failure and "Reset" not in failure]
    assert broken == []
    assert running.slowest < 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_int_does_not_wait_for_requests(project, number):
    with project.serve() as server:
        client, _ = waiting(project, server)
        began = time.monotonic()
        server.signal(number)
        assert server.process.wait(10) == 0
        assert time.monotonic() - began < 5
        until(lambda: gone(server), "its processes to end")
        client.close()


def test_ctrl_c_in_a_terminal(project):
    """The terminal sends it to every process of the group; only the supervisor may act on it."""
    with project.serve("-w", "2") as server:
        os.killpg(server.pid, signal.SIGINT)
        assert server.process.wait(10) == 0
        until(lambda: gone(server), "its processes to end")
        assert "Traceback" not in server.log()


def test_int_after_term_stops_the_waiting(project):
    with project.serve() as server:
        client, _ = waiting(project, server)
        server.signal(signal.SIGTERM)
        server.await_log("worker.draining")
        server.signal(signal.SIGINT)
        assert server.process.wait(10) == 0
        until(lambda: gone(server), "its processes to end")
        client.close()


def test_the_graceful_timeout_ends_the_waiting(project):
    with project.serve("--graceful-timeout", "1") as server:
        client, _ = waiting(project, server)
        server.signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        until(lambda: gone(server), "its processes to end")
        client.close()


def test_the_port_is_free_again_at_once(project):
    with project.serve() as server, load(server) as running:
        running.more()
        server.signal(signal.SIGTERM)
        server.process.wait(20)
        port = server.port
    with project.serve(bind=f"127.0.0.1:{port}") as server, server.client() as client:
        assert client.get("/hello").status == 200


def test_usr1_loses_and_splits_no_line(project):
    log = project.folder / "access.json"
    with project.serve("-w", "2", "--access-log", "json", "--access-logfile", str(log)) as server:
        with load(server) as running:
            for turn in range(3):
                running.more(60)
                log.rename(project.folder / f"access.{turn}")
                server.signal(signal.SIGUSR1)
                until(log.exists, "a new file")
            running.more(60)
        answered = len(running.pids)
        assert running.failures == []
    text = "".join(path.read_text() for path in project.folder.glob("access.*"))
    assert text.endswith("\n")
    entries = [json.loads(line) for line in text.splitlines()]
    numbers = [entry.get("query") or entry.get("target") or entry["path"] for entry in entries]
    assert len(entries) == answered
    assert len(set(map(str, numbers))) in (answered, 1)


def test_a_worker_that_comes_after_a_rotation_writes_to_the_new_log(project):
    log, old = project.folder / "server.log", project.folder / "old.log"
    project.add("views.py", "def fail(request):\n    1 / 0\n")
    with project.serve("--log", str(log), log="server.log") as server:
        log.rename(old)
        server.signal(signal.SIGUSR1)
        until(log.exists, "a new file")
        (before,) = server.workers()
        os.kill(before, signal.SIGKILL)
        until(lambda: server.workers() not in ([], [before]), "another worker")
        with server.client() as client:
            assert client.get("/fail").status == 500
        until(lambda: "ZeroDivisionError" in log.read_text(), "the error in the new log")
        assert "ZeroDivisionError" not in old.read_text()
