"""The server as a service manager, a container or an operator runs it."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from tests.kit.live import Server, until
from tests.process.console import ask, status
from tests.process.load import load

#: Runs what follows it as systemd would: with an open socket at descriptor 3.
ACTIVATE = """
import os, socket, sys
sock = socket.socket()
sock.bind(("127.0.0.1", 0))
sock.listen()
print(sock.getsockname()[1], flush=True)
if sock.fileno() != 3:
    os.dup2(sock.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
"""


class Manager:
    """What systemd hears."""

    def __init__(self, path):
        self.path = path
        self.heard = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def hears(self, text):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard.append(self._socket.recv(4096).decode())
        return [said for said in self.heard if text in said]

    def close(self):
        self._socket.close()


@pytest.fixture
def manager():
    path = Path(os.environ["XDG_RUNTIME_DIR"], "notify")
    manager = Manager(path)
    yield manager
    manager.close()
    path.unlink()


def test_the_service_manager_is_told(project, manager):
    with project.serve(NOTIFY_SOCKET=str(manager.path), WATCHDOG_USEC="400000") as server:
        until(lambda: manager.hears("READY=1"), "READY=1")
        assert f"MAINPID={server.pid}" in manager.hears("READY=1")[0]
        until(lambda: len(manager.hears("WATCHDOG=1")) >= 3, "the watchdog")
        for how in (signal.SIGHUP, signal.SIGUSR2):
            manager.heard.clear()
            server.signal(how)
            until(lambda: manager.hears("READY=1"), "READY=1 again")
            assert "MONOTONIC_USEC=" in manager.hears("RELOADING=1")[0]
        manager.heard.clear()
        until(lambda: manager.hears("WATCHDOG=1"), "the watchdog after a restart")
        server.signal(signal.SIGTERM)
        until(lambda: manager.hears("STOPPING=1"), "STOPPING=1")


def test_children_are_not_given_the_managers_variables(project, manager):
    project.add("views.py", "def rows(request):\n    return HttpResponse(' '.join(os.environ))\n")
    with project.serve(NOTIFY_SOCKET=str(manager.path), WATCHDOG_USEC="400000") as server, server.client() as client:
        names = client.get("/rows").body.decode().split()
    assert {"NOTIFY_SOCKET", "WATCHDOG_USEC"}.isdisjoint(names)


def test_a_socket_of_systemd_is_used_and_survives_a_restart(project):
    command = [sys.executable, "-c", ACTIVATE, *project.command()]
    server = Server(command, project.folder, project.environ())
    try:
        server.await_listening()
        assert server.port == int(server.output())
        with load(server) as running:
            running.more()
            server.signal(signal.SIGUSR2)
            server.await_log("reload.done")
            running.more()
        assert running.failures == []
    except BaseException:
        print(server.log())
        server.kill()
        raise
    server.stop()


@pytest.mark.skipif(os.getuid() != 0, reason="only root changes its group")
def test_the_project_runs_as_the_group(project):
    import grp

    other = grp.getgrnam("nogroup")
    project.add("views.py", "def rows(request):\n    return HttpResponse(f'{os.getgid()} {os.getgroups()}')\n")
    path = project.folder / "app.sock"
    log = project.folder / "server.log"
    with project.serve(
        "-u", "root", "--group", "nogroup", "--log", str(log), "-b", f"unix:{path}", log=str(log)
    ) as server:
        with server.client() as client:
            assert client.get("/rows").body.decode().startswith(f"{other.gr_gid} ")
        assert path.stat().st_gid == other.gr_gid
        assert os.stat(f"/proc/{server.pid}").st_gid == 0, "the parent process can bind, log and signal"


def readable_python(path):
    """An interpreter of this version that any user may run, and the packages for it."""
    packages = next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
    python = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    # -S: without Debian's own packages, of which some would not go with ours.
    probe = [python, "-S", "-c", "import django, twisted, hendrix"]
    source = str(Path(__file__).parents[2] / "src")
    environ = {"PYTHONPATH": os.pathsep.join((source, str(packages)))}
    if Path(python).exists() and not subprocess.run(probe, env=environ, cwd=path, user="nobody").returncode:
        return python, environ
    return pytest.skip("no interpreter that another user may run")


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_the_project_runs_as_another_user(project):
    """Only the parent process is root: it binds and signals; the project reads, writes and logs as the user."""
    python, environ = readable_python("/")
    place = Path(tempfile.mkdtemp(prefix="hx-user-"))
    place.chmod(0o755)
    try:
        shutil.copytree(project.folder, place / "site")
        (place / "site").chmod(0o755)
        project.folder, project.package = place / "site", place / "site" / "site1"
        project.write("views.py", "import os\nfrom django.http import HttpResponse\n")
        project.add("views.py", "def pid(request):\n    return HttpResponse(os.getuid())\n")
        project.write("urls.py", "from django.urls import path\nfrom site1.views import pid\n")
        project.add("urls.py", "urlpatterns = [path('pid', pid)]\n")
        logs = [place / "server.log", place / "access.log"]
        options = ["-u", "nobody", "--log", str(logs[0]), "--access-log", "combined", "--access-logfile", str(logs[1])]
        command = [python, "-S", "-m", "hendrix", "start", "-b", "127.0.0.1:0", *options]
        server = Server(command, project.folder, {**project.environ(), **environ})
        server._log = logs[0]
        try:
            until(logs[0].exists, "the log")
            server.await_listening()
            nobody = pwd.getpwnam("nobody").pw_uid
            with load(server) as running:
                assert set(running.more()) == {nobody}
                logs[1].rename(place / "access.old")
                server.signal(signal.SIGUSR1)
                until(lambda: logs[1].exists() and "/pid" in logs[1].read_text(), "a new file")
                assert ask(server, "reload")["done"] == 0
                assert set(running.more()) == {nobody}
            assert running.failures == []
            assert {log.stat().st_uid for log in logs} == {nobody}
            assert os.stat(f"/proc/{server.pid}").st_uid == 0
        finally:
            server.stop()
    finally:
        shutil.rmtree(place)


def test_umask_and_chdir(project, tmp_path):
    project.add("views.py", "def rows(request):\n    Path('made').touch()\n    return HttpResponse(os.getcwd())\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    server = Server(
        [*project.command(), "-b", "127.0.0.1:0", "--chdir", "..", "--umask", "077"], elsewhere, project.environ()
    )
    try:
        server.await_listening()
        with server.client() as client:
            assert client.get("/rows").body.decode() == str(project.folder)
        assert (project.folder / "made").stat().st_mode & 0o777 == 0o600
    finally:
        server.stop()


def test_a_project_that_starts_threads_at_import(project):
    project.add(
        "views.py", "import threading\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
    )
    project.add("views.py", "def rows(request):\n    return HttpResponse(threading.active_count())\n")
    with project.serve("-w", "2") as server, load(server) as running:
        assert "template.threads" in server.log()
        with server.client() as client:
            assert int(client.get("/rows").body) >= 3, "main thread, pool thread, and that of the project"
        assert ask(server, "reload")["done"] == 0
        running.more()
        until(lambda: [one["state"] for one in status(server)["workers"]] == ["ready"] * 2, "the old ones to leave")
    assert running.failures == []


def test_one_more_and_one_less(project):
    with project.serve("-w", "2") as server, load(server) as running:
        server.signal(signal.SIGTTIN)
        until(lambda: len(server.workers()) == 3, "three workers")
        server.signal(signal.SIGTTOU)
        until(lambda: len(server.workers()) == 2, "two workers")
        server.signal(signal.SIGTTOU)
        until(lambda: len(server.workers()) == 1, "one worker")
        running.more()
        assert ask(server, "reload")["done"] == 0
        assert status(server)["workers_wanted"] == 1
        running.more()
    assert running.failures == []


def test_a_second_interrupt_ends_at_once(project):
    from tests.process.test_signals import gone, waiting

    with project.serve("--graceful-timeout", "60") as server:
        client, _ = waiting(project, server)
        began = time.monotonic()
        server.signal(signal.SIGINT)
        server.signal(signal.SIGINT)
        assert server.process.wait(5) == 0
        assert time.monotonic() - began < 2
        until(lambda: gone(server), "its processes to end")
        client.close()


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="no process of number 1 can be made")
def test_as_process_1_of_a_container(project):
    """It must act on signals, and reap what others leave."""
    project.add(
        "views.py",
        textwrap.dedent("""
        def rows(request):
            if os.fork() == 0:
                if os.fork() == 0:
                    os._exit(0)
                time.sleep(0.1)
                os._exit(0)
            zombies = [name for name in os.listdir("/proc") if name.isdigit() and zombie(name)]
            return HttpResponse(" ".join(zombies))


        def zombie(name):
            try:
                state, parent = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                return False
            return state == "Z" and parent == "1"
        """),
    )
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *project.command("-b", "127.0.0.1:0")]
    server = Server(command, project.folder, project.environ())
    try:
        server.await_listening()
        with server.client() as client:
            for _ in range(5):
                assert client.get("/rows").status == 200
            until(lambda: client.get("/rows").body == b"", "orphans to be reaped")
        (first,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        os.kill(int(first), signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert "server.stopped" in server.log()
    except BaseException:
        print(server.log())
        server.kill()
        raise


def test_auto_is_the_number_of_usable_cpus(project):
    usable = len(os.sched_getaffinity(0))
    with project.serve("-w", "auto") as server:
        assert 1 <= len(server.workers()) <= usable


def test_out_of_memory_is_said(project):
    """Where a memory group can be made, the kernel's killing is told from anybody's SIGKILL."""
    group = Path("/sys/fs/cgroup/memory/hx-test") if Path("/sys/fs/cgroup/memory").exists() else None
    try:
        assert group is not None
        group.mkdir(exist_ok=True)
        (group / "memory.limit_in_bytes").write_text(str(300 * 1024**2))
    except (OSError, AssertionError):
        pytest.skip("no memory group can be made here")
    project.add(
        "views.py", "def rows(request):\n    return HttpResponse(str(len(bytearray(os.urandom(1)) * 10**9)))\n"
    )
    enter = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"]
    server = Server([*enter, *project.command("-b", "127.0.0.1:0")], project.folder, project.environ())
    try:
        server.await_listening()
        with server.client() as client:
            client.begin("GET", "/rows")
            assert client.closed()
        assert "out of memory" in server.await_log("worker.died")
        assert status(server)["last_crash"]["reason"].startswith("out of memory")
    finally:
        server.stop()
        until(lambda: not (group / "cgroup.procs").read_text().strip(), "the group to be empty")
        group.rmdir()
