"""The supervisor as a process among real processes; only the project is a fake."""

import contextlib
import os
import signal
import socket
import stat
import time

import pytest


def until(condition, patience=5.0):
    """Wait for ``condition`` to hold; it is asked often."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def gone(pid):
    """Whether no process, living or zombie, has this pid."""
    return state(pid) == ""


def ended(pid):
    """Whether it lives no more. Who has to reap it is not always ours to say."""
    return state(pid) in ("", "Z")


def state(pid):
    """The letter of the process's state; empty where there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children(pid):
    """The pids of the children, and their states."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
            letter, ppid = file.read().rpartition(")")[2].split()[:2]
            if int(ppid) == pid:
                found[int(name)] = letter
    return found


class TestStart:
    def test_ready_says_where_and_how(self, serve):
        server = serve(workers=2)
        ready = server.wait("server.ready")
        assert ready["workers"] == 2
        assert ready["settings"] == "fake.settings"
        assert ready["pid"] == server.pid
        assert ready["urls"][0].startswith("http://127.0.0.1:")
        assert server.wait("template.loaded")["seconds"] == 0.25
        workers = [server.wait("worker.ready", n)["pid"] for n in (1, 2)]
        assert server.ask() in workers

    def test_workers_are_the_supervisors_children(self, serve):
        server = serve(workers=2)
        server.wait("server.ready")
        template = server.wait("template.started")["pid"]
        workers = {server.wait("worker.spawned", n)["pid"] for n in (1, 2)}
        until(lambda: set(children(server.pid)) == {template, *workers})

    def test_nothing_of_the_supervisor_is_left_open_in_the_template(self, serve):
        server = serve()
        server.wait("server.ready")
        fds = f"/proc/{server.wait('template.started')['pid']}/fd"
        kinds = sorted(os.readlink(f"{fds}/{fd}").split(":")[0] for fd in os.listdir(fds))
        # Standard streams, its channel, the listening socket: no selector, no wake-up pair, no channel of a worker.
        assert len([kind for kind in kinds if kind == "socket"]) == 2
        assert not [kind for kind in kinds if kind.startswith("anon_inode")]

    def test_titles(self, serve):
        pytest.importorskip("setproctitle")
        server = serve()
        server.wait("server.ready")
        with open(f"/proc/{server.pid}/cmdline") as file:
            assert file.read().startswith("hendrix: supervisor [fake.settings]")
        with open(f"/proc/{server.wait('template.started')['pid']}/cmdline") as file:
            assert file.read().startswith("hendrix: template")


class TestStartThatFails:
    @pytest.mark.parametrize(
        ("kind", "message", "traceback"),
        [
            ("fails", "ImportError: no module named nothing", "Traceback: here"),
            ("raises", "RuntimeError: the template broke", "the template broke"),
            ("dies", "the project does not load: its process ended: killed by SIGKILL", ""),
        ],
    )
    def test_project_does_not_load(self, serve, kind, message, traceback):
        server = serve(template=kind)
        end = server.wait("ended")
        assert end["error"] == "ProjectError"
        assert end["message"] == message
        assert traceback in end["traceback"]
        assert end["children"] == "none"
        assert server.status() == 3

    def test_workers_never_come_up(self, serve):
        server = serve(worker="dies", workers=2)
        end = server.wait("ended")
        assert end["error"] == "ProjectError"
        assert "exit status 5" in end["message"]
        assert end["children"] == "none"
        assert server.status() == 3

    def test_address_in_use(self, serve):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            server = serve(bind=[f"127.0.0.1:{taken.getsockname()[1]}"])
            end = server.wait("ended")
        assert end["error"] == "UsageError"
        assert "the port is in use" in end["message"]
        assert end["children"] == "none"
        assert server.status() == 1

    def test_options_refused(self, serve):
        server = serve(refuse="settings.HENDRIX: no option 'x'")
        assert server.wait("ended")["message"] == "settings.HENDRIX: no option 'x'"
        assert server.status() == 1

    @pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
    def test_told_to_stop_while_an_import_hangs(self, serve, signum):
        server = serve(template="hangs")
        server.wait("template.started")
        server.kill(signum)
        assert server.wait("ended") == {"status": 0, "children": "none"}


class TestDeaths:
    def test_killed_worker_is_back_within_a_second(self, serve):
        server = serve()
        server.wait("server.ready")
        victim = server.ask()
        before = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        ready = server.wait("worker.ready", 2)
        assert time.monotonic() - before < 1.0
        assert server.wait("worker.died")["status"] == "killed by SIGKILL"
        assert server.ask() == ready["pid"] != victim
        assert gone(victim)

    def test_all_workers_killed_at_once(self, serve):
        server = serve(workers=4)
        server.wait("server.ready")
        victims = [server.wait("worker.spawned", n)["pid"] for n in range(1, 5)]
        before = time.monotonic()
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        server.wait("worker.ready", 8)
        assert time.monotonic() - before < 1.0
        assert server.names().count("server.ready") == 1

    def test_killed_template_is_back_and_can_spawn(self, serve):
        server = serve()
        server.wait("server.ready")
        worker = server.ask()
        os.kill(server.wait("template.started")["pid"], signal.SIGKILL)
        server.wait("template.loaded", 2)
        assert server.wait("template.died")["status"] == "killed by SIGKILL"
        assert server.ask() == worker
        os.kill(worker, signal.SIGKILL)
        assert server.wait("worker.ready", 2)["pid"] == server.ask()

    def test_new_template_keeps_nothing_of_the_supervisor(self, serve):
        """Above all no end of a worker's channel, or the worker would not notice that the supervisor is gone."""
        server = serve(workers=2)
        server.wait("server.ready")
        os.kill(server.wait("template.started")["pid"], signal.SIGKILL)
        server.wait("template.loaded", 2)
        server.kill(signal.SIGKILL)
        assert {server.wait("worker.eof", n)["worker"] for n in (1, 2)} == {1, 2}

    def test_template_that_no_longer_loads_leaves_the_workers_alone(self, serve):
        server = serve()
        server.wait("server.ready")
        worker = server.ask()
        server.deploy(template="fails")
        os.kill(server.wait("template.started")["pid"], signal.SIGKILL)
        assert server.wait("template.failed", 3)["traceback"] == "Traceback: here"
        assert server.ask() == worker
        server.deploy(template="loads")
        server.wait("template.loaded", 2)
        os.kill(worker, signal.SIGKILL)
        server.wait("worker.ready", 2)

    def test_supervisor_killed(self, serve, tmp_path):
        server = serve(workers=2, bind=[f"unix:{tmp_path}/s"])
        server.wait("server.ready")
        pids = [server.wait("worker.spawned", n)["pid"] for n in (1, 2)]
        pids.append(server.wait("template.started")["pid"])
        server.kill(signal.SIGKILL)
        assert {server.wait("worker.eof", n)["worker"] for n in (1, 2)} == {1, 2}
        server.status()
        until(lambda: all(map(ended, pids)))
        again = serve(bind=[f"unix:{tmp_path}/s"])
        assert again.ask() == again.wait("worker.ready")["pid"]

    def test_supervisor_killed_while_an_import_hangs(self, serve):
        server = serve(template="hangs")
        template = server.wait("template.started")["pid"]
        server.kill(signal.SIGKILL)
        server.status()
        until(lambda: ended(template))

    def test_frozen_worker_does_not_hold_the_supervisor(self, serve):
        server = serve(workers=2)
        server.wait("server.ready")
        frozen = server.wait("worker.spawned")["pid"]
        os.kill(frozen, signal.SIGSTOP)
        for n in range(1, 31):
            server.kill(signal.SIGUSR1)
            server.wait("own.reopened", n)
        os.kill(frozen, signal.SIGCONT)
        server.kill(signal.SIGTERM)
        assert server.wait("ended")["status"] == 0

    def test_strangers_are_reaped(self, serve):
        """Orphans of the workers become the supervisor's, as everybody's do where it is PID 1."""
        server = serve()
        server.wait("server.ready")
        os.kill(server.wait("worker.spawned")["pid"], signal.SIGKILL)
        server.wait("worker.ready", 2)
        until(lambda: "Z" not in children(server.pid).values())
        assert len(children(server.pid)) == 2

    def test_out_of_descriptors_or_processes_for_a_moment(self, serve):
        server = serve(refusals=2)
        server.wait("server.ready")
        assert server.wait("worker.died")["status"] == "cannot be started: Too many open files"

    def test_where_grandchildren_are_not_adopted(self, serve):
        """Their exit statuses are not seen, but their channels' ends are."""
        server = serve(orphans=True)
        server.wait("server.ready")
        os.kill(server.ask(), signal.SIGKILL)
        server.wait("worker.ready", 2)
        assert server.wait("worker.died")["status"] == "gone"
        server.kill(signal.SIGTERM)
        assert server.wait("ended")["status"] == 0


class TestRetire:
    def test_successor_comes_first(self, serve):
        server = serve()
        server.wait("server.ready")
        old = server.ask(b"retire")
        replaced = server.wait("worker.replaced")
        assert replaced["pid"] == old
        assert replaced["reason"] == "asked by a client"
        server.wait("worker.exited")
        assert server.ask() == replaced["by_pid"]
        order = server.names()
        assert order.index("worker.replaced") < order.index("worker.exited")
        assert "worker.died" not in order


class TestStop:
    @pytest.mark.parametrize(
        ("signum", "seconds"), [(signal.SIGTERM, 30.0), (signal.SIGINT, 0.0), (signal.SIGQUIT, 0.0)]
    )
    def test_all_leave_and_the_status_is_zero(self, serve, tmp_path, signum, seconds):
        server = serve(workers=2, bind=[f"unix:{tmp_path}/s"])
        server.wait("server.ready")
        assert stat.S_ISSOCK(os.stat(tmp_path / "s").st_mode)
        pids = list(children(server.pid))
        server.kill(signum)
        assert server.wait("ended") == {"status": 0, "children": "none"}
        assert server.status() == 0
        assert all(gone(pid) for pid in pids)
        assert not (tmp_path / "s").exists()
        assert {server.wait("worker.told", n)["seconds"] for n in (1, 2)} == {seconds}
        assert server.names()[-2] == "server.stopped"

    def test_terminals_interrupt_reaches_all_and_only_the_supervisor_acts(self, serve):
        server = serve()
        server.wait("server.ready")
        os.killpg(server.pid, signal.SIGINT)
        assert server.wait("ended")["status"] == 0
        assert not {"worker.died", "template.died"} & set(server.names())

    def test_stubborn_worker_is_killed_at_the_deadline(self, serve):
        server = serve(worker="stubborn", options={"graceful_timeout": 0.2})
        server.wait("server.ready")
        server.kill(signal.SIGTERM)
        assert server.wait("ended")["status"] == 0
        assert "worker.killed" in server.names()

    def test_second_interrupt_kills_at_once(self, serve):
        server = serve(worker="stubborn")
        server.wait("server.ready")
        server.kill(signal.SIGINT)
        server.wait("worker.told")
        before = time.monotonic()
        server.kill(signal.SIGINT)
        assert server.wait("ended")["status"] == 0
        assert time.monotonic() - before < 0.8

    def test_interrupt_hastens_a_graceful_stop(self, serve):
        server = serve(worker="stubborn")
        server.wait("server.ready")
        server.kill(signal.SIGTERM)
        server.wait("worker.told")
        server.kill(signal.SIGINT)
        assert server.wait("worker.told", 2)["seconds"] == 0.0
        assert server.wait("ended")["status"] == 0


class TestSignals:
    def test_logs_are_reopened_by_all(self, serve):
        server = serve(workers=2)
        server.wait("server.ready")
        server.kill(signal.SIGUSR1)
        server.wait("own.reopened")
        assert {server.wait("worker.reopened", n)["worker"] for n in (1, 2)} == {1, 2}

    def test_one_worker_more_and_one_less(self, serve):
        server = serve()
        server.wait("server.ready")
        server.kill(signal.SIGTTIN)
        server.wait("worker.ready", 2)
        server.kill(signal.SIGTTOU)
        assert server.wait("worker.exited")["worker"] == 2
        server.kill(signal.SIGTTOU)  # never none
        server.kill(signal.SIGUSR1)
        server.wait("own.reopened")
        assert [facts["workers"] for name, facts in server.heard if name == "server.resized"] == [2, 1]
