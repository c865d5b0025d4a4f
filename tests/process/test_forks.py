"""Projects that fork: from views, and while they are imported."""

import os
import signal
from pathlib import Path

from tests.kit.live import until
from tests.process.test_signals import gone

VIEWS = """
import multiprocessing
from concurrent import futures

fork = multiprocessing.get_context("fork")


def square(number):
    return number * number


def pool(request):
    with fork.Pool(2) as processes:
        return HttpResponse(str(processes.map(square, range(4))))


def terminated(request):
    process = fork.Process(target=time.sleep, args=(300,))
    process.start()
    process.terminate()
    process.join(20)
    return HttpResponse(str(process.exitcode))


executor = futures.ProcessPoolExecutor(1, mp_context=fork)


def executed(request):
    return HttpResponse(str(executor.submit(os.getpid).result()))


def long(request):
    return HttpResponse(str(os.fork() or (time.sleep(300), os._exit(0))))


def comes_back(request):
    return HttpResponse(str(os.fork()))
"""
#: What programs do that start others and do not care what becomes of them; a stream that is none.
SETTINGS = """
import signal
import sys

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
sys.stdout = None
"""
BEGINS = """
import multiprocessing
import os
from pathlib import Path


def work():
    Path(f"work-{os.getpid()}").touch()
    time.sleep(300)


multiprocessing.get_context("fork").Process(target=work, daemon=True).start()
"""


def with_views(project):
    project.add("views.py", VIEWS)
    names = ["hello", "pid", "wait", "pool", "terminated", "executed", "long", "comes_back"]
    project.write("urls.py", "from django.urls import path\n\nfrom site1 import views\n\n")
    project.add("urls.py", f"urlpatterns = [path(name, getattr(views, name)) for name in {names}]")


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_processes_that_views_fork_are_not_the_server(project):
    with_views(project)
    with project.serve() as server:
        before = server.workers()
        with server.client() as client:
            assert client.get("/terminated").body == b"-15"
            assert client.get("/pool").body == b"[0, 1, 4, 9]"
            stray = int(client.get("/comes_back").body)
            until(lambda: not alive(stray), "the end of a process that went on as if it were the worker")
            executes = int(client.get("/executed").body)
        assert "worker.draining" not in server.log(), "the child's SIGTERM reached the worker"
        assert executes not in before and set(before) <= set(server.workers())
        server.signal(signal.SIGHUP)
        until(lambda: not alive(before[0]) and not alive(executes), "the end of a worker, and of the processes it has")
        assert "worker.killed" not in server.log()


def test_a_process_that_goes_on_holds_no_port_and_no_connection(project):
    with_views(project)
    with project.serve() as server, server.client() as client:
        pid = int(client.get("/long").body)
        server.signal(signal.SIGTERM)
        assert client.closed(), "the connection ends for the peer too"
        assert server.process.wait(20) == 0
        assert alive(pid)
        with project.serve(bind=f"127.0.0.1:{server.port}") as other, other.client() as fresh:
            assert fresh.get("/hello").status == 200
        os.kill(pid, signal.SIGTERM)
        until(lambda: gone(server), "its end")


def test_children_that_the_system_reaps_and_no_stdout(project):
    project.add("settings.py", SETTINGS)
    with project.serve() as server, server.client() as client:
        assert client.get("/hello").status == 200
        (victim,) = server.workers()
        os.kill(victim, signal.SIGKILL)
        server.await_new_worker(victim)
        assert "template.died" not in server.log()


def test_what_is_begun_at_import_ends_with_its_generation(project):
    project.add("views.py", BEGINS)

    def working():
        return [pid for path in project.folder.glob("work-*") if alive(pid := int(path.name.removeprefix("work-")))]

    with project.serve("--max-requests", "3", "--max-requests-jitter", "0") as server:
        (first,) = until(working, "the process to begin")
        for _ in range(4):
            with server.client() as client:
                assert client.get("/hello").status == 200
        server.await_log("worker.replaced")
        until(lambda: len(server.workers()) == 1 and server.workers(), "the old worker to leave")
        assert working() == [first], "it is not for a worker to end it"
        server.signal(signal.SIGHUP)
        server.await_log("reload.done")
        until(lambda: len(working()) == 1 and first not in working(), "that of the new code alone")


def test_a_worker_that_others_tell_to_leave_is_replaced_before_it_has(project):
    """``kill WORKER``, with a request under way that takes long."""
    with project.serve() as server:
        mark, gate = project.folder / "mark", project.folder / "gate"
        with server.client() as busy, server.client() as other:
            busy.begin("GET", f"/wait?mark={mark}&gate={gate}")
            until(mark.exists, "the view to begin")
            (before,) = server.workers()
            os.kill(before, signal.SIGTERM)
            server.await_log("worker.leaves")
            other.close()
            with server.client() as client:
                assert int(client.get("/pid").body) != before
            gate.touch()
            assert busy.answer().status == 200
