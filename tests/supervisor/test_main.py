"""The supervisor as a process among real processes; only the project is a fake."""

import contextlib
import errno
import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

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


class TestReload:
    @pytest.mark.parametrize("workers", [1, 3])
    def test_new_code_serves_and_nothing_fails(self, serve, load, workers):
        server = serve(workers=workers, version=1)
        with load(server) as running:
            running.more()
            old = [server.wait("worker.ready", n)["pid"] for n in range(1, workers + 1)]
            server.deploy(version=2)
            server.kill(signal.SIGHUP)
            assert server.wait("reload.done")["generation"] == 2
            server.wait("worker.replaced", workers)
            until(lambda: all(gone(pid) for pid in old))
            assert server.ask(b"version") == 2
            running.more()
        assert running.failures == []
        assert not {"worker.died", "worker.killed", "reload.failed"} & set(server.names())

    def test_the_old_linger_and_the_template_before_is_gone(self, serve):
        server = serve()
        server.wait("server.ready")
        server.kill(signal.SIGHUP)
        server.wait("reload.done")
        told = server.wait("worker.told")
        assert told["linger"] > 0
        assert told["seconds"] == 30.0
        until(lambda: gone(server.wait("template.started")["pid"]))
        until(lambda: len(children(server.pid)) == 2)

    def test_client_is_told_when_the_old_have_left(self, serve):
        server = serve(workers=2)
        old = [server.wait("worker.ready", n)["pid"] for n in (1, 2)]
        asker = server.control("reload")
        done = asker.done()
        assert done["done"] == 0
        assert done["facts"]["seconds"] > 0
        assert asker.said
        assert server.ask() not in old

    def test_client_is_told_though_an_old_one_is_busy(self, serve):
        server = serve(worker="busy")
        busy = server.wait("worker.ready")["pid"]
        server.wait("server.ready")
        assert server.control("reload").done()["done"] == 0
        assert not gone(busy)
        assert server.ask() != busy

    @pytest.mark.parametrize(
        ("plan", "summary", "traceback"),
        [
            ({"template": "fails"}, "ImportError: no module named nothing", "Traceback: here"),
            ({"template": "raises"}, "RuntimeError: the template broke", "in template"),
            ({"template": "dies"}, "killed by SIGKILL", ""),
            ({"template": "hangs"}, "hung for 1 s", "hang_in_import"),
            ({"worker": "dies"}, "exit status 5", ""),
            ({"worker": "fails"}, "ValueError: in a worker", "Traceback: there"),
            ({"worker": "hangs"}, "killed by SIGKILL", "hang_in_import"),
            ({"refuse": "HENDRIX: no option x"}, "HENDRIX: no option x", ""),
            ({"refuse early": "hendrix.toml: no option x"}, "hendrix.toml: no option x", ""),
        ],
        ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
    )
    def test_what_fails_leaves_the_old_alone_and_nothing_behind(self, serve, load, plan, summary, traceback):
        server = serve(workers=2, options={"start_timeout": 1.0})
        with load(server) as running:
            running.more()
            before = children(server.pid)
            fds = server.descriptors()
            server.deploy(version=2, **plan)
            done = server.control("reload").done()
            assert done["done"] == 3
            assert summary in done["summary"]
            assert traceback in done["traceback"]
            assert server.wait("reload.failed")["serving"] == 1
            running.more()
            until(lambda: children(server.pid).keys() == before.keys())
            assert server.ask(b"version") == 0
            until(lambda: server.descriptors() == fds, 20)  # who is reaped is gone a moment before its channel is
            server.deploy(version=3, template="loads", worker="serves", refuse="", **{"refuse early": ""})
            assert server.control("reload").done()["done"] == 0
            assert server.ask(b"version") == 3
            running.more()
        assert running.failures == []
        assert server.control("status").done()["facts"]["crashes"] == len(
            [n for n in server.names() if n == "worker.died"]
        )

    def test_worker_that_dies_meanwhile_is_replaced_by_the_old_code(self, serve, tmp_path):
        server = serve(version=1)
        server.wait("server.ready")
        server.deploy(version=2, until="go")
        server.kill(signal.SIGHUP)
        server.wait("template.born", 2)
        os.kill(server.ask(), signal.SIGKILL)
        server.wait("worker.ready", 2)
        assert server.ask(b"version") == 1
        (tmp_path / "go").touch()
        server.wait("reload.done")
        assert server.ask(b"version") == 2

    def test_asked_twice_the_newest_code_counts_and_both_are_told(self, serve, tmp_path):
        server = serve(version=1)
        server.wait("server.ready")
        server.deploy(version=2, until="never")
        first = server.control("reload")
        superseded = server.wait("template.born", 2)["pid"]
        server.deploy(version=3, until="")
        second = server.control("reload")
        assert [asker.done()["done"] for asker in (first, second)] == [0, 0]
        assert server.ask(b"version") == 3
        until(lambda: gone(superseded))
        until(lambda: len(children(server.pid)) == 2)

    def test_stop_meanwhile(self, serve):
        server = serve()
        server.wait("server.ready")
        server.deploy(until="never")
        asker = server.control("reload")
        server.wait("template.born", 2)
        server.kill(signal.SIGTERM)
        assert server.wait("ended") == {"status": 0, "children": "none"}
        assert asker.done()["done"] == 1

    def test_nothing_piles_up(self, serve):
        server = serve(workers=2)
        server.wait("server.ready")
        fds = server.descriptors()
        for _ in range(5):
            assert server.control("reload").done()["done"] == 0
        until(lambda: len(children(server.pid)) == 3)
        assert server.descriptors() == fds

    def test_refused_while_it_starts(self, serve, tmp_path):
        server = serve(until="go")
        server.wait("template.born")
        server.kill(signal.SIGHUP)
        assert server.wait("signal.refused")["signal"] == "SIGHUP"
        (tmp_path / "go").touch()
        server.ask()

    def test_what_only_a_restart_can_change_is_told(self, serve):
        server = serve()
        server.wait("server.ready")
        server.deploy(options={"backlog": 77, "graceful_timeout": 3.0})
        assert server.control("reload").done()["done"] == 0
        assert "--backlog" in server.wait("reload.needs_restart")["options"]
        server.kill(signal.SIGTERM)
        assert server.wait("worker.told", 2)["seconds"] == 3.0

    def test_workers_as_the_options_say_now(self, serve):
        server = serve(workers=2)
        server.wait("server.ready")
        server.kill(signal.SIGTTIN)
        server.wait("worker.ready", 3)
        assert server.control("reload").done()["done"] == 0
        assert server.control("status").done()["facts"]["workers_wanted"] == 3
        server.deploy(workers=1)
        assert server.control("reload").done()["done"] == 0
        until(lambda: len(children(server.pid)) == 2)
        assert server.control("status").done()["facts"]["workers_wanted"] == 1


class TestThreads:
    def test_of_an_import_are_told_and_each_worker_loads_itself(self, serve):
        server = serve(workers=2, template="threads")
        server.wait("server.ready")
        assert server.wait("template.threads")["threads"] == "poller"
        assert [server.wait("template.born", n)["preload"] for n in (1, 2)] == [True, False]


class TestPatience:
    def test_a_project_that_does_not_load_is_waited_for(self, serve):
        server = serve(template="fails", options={"reload": True})
        server.wait("reload.failed")
        server.kill(signal.SIGHUP)
        server.wait("reload.failed", 2)
        server.deploy(template="loads")
        server.kill(signal.SIGHUP)
        server.ask()
        assert server.names().count("announced") + server.names().count("server.ready") >= 1

    def test_stop_while_it_waits(self, serve):
        server = serve(template="fails", options={"reload": True})
        server.wait("reload.failed")
        server.kill(signal.SIGINT)
        assert server.wait("ended") == {"status": 0, "children": "none"}


class TestFrozen:
    """Two seconds of silence are the least that can be asked for."""

    def test_is_shown_killed_and_replaced(self, serve):
        server = serve(workers=2, options={"worker_timeout": 2.0})
        server.wait("server.ready")
        with server.connect() as client:
            client.sendall(b"freeze")
            client.recv(1)
            died = server.wait("worker.died")
        assert "hang_in_import" in died["stacks"]
        assert died["status"] == "killed by SIGKILL"
        assert server.wait("worker.frozen")["pid"] == died["pid"]
        server.wait("worker.ready", 3)

    def test_one_that_was_stopped(self, serve):
        server = serve(options={"worker_timeout": 2.0})
        server.wait("server.ready")
        os.kill(server.ask(), signal.SIGSTOP)
        assert "SIGSTOP" in server.wait("worker.died")["reason"]
        server.wait("worker.ready", 2)

    def test_all_were_stopped_together(self, serve):
        """Ctrl-Z, and fg later: nobody froze, whoever speaks first."""
        server = serve(workers=3, options={"worker_timeout": 2.0})
        server.wait("server.ready")
        began = time.monotonic()
        os.killpg(server.pid, signal.SIGSTOP)
        until(lambda: time.monotonic() - began > 2.5)  # the time is what is tested
        os.killpg(server.pid, signal.SIGCONT)
        woken = time.monotonic()
        until(lambda: time.monotonic() - woken > 1.0)
        server.descriptors()
        assert not {"worker.frozen", "worker.died"} & set(server.names()), server.heard[-12:]


class TestFiles:
    """The pid file and the control socket."""

    def test_are_there_while_it_runs(self, serve):
        server = serve()
        pid, sock = server.beside(".pid"), server.beside(".sock")
        assert int(pid.read_text().split()[0]) == server.pid
        assert stat.S_IMODE(sock.stat().st_mode) == 0o600
        server.kill(signal.SIGTERM)
        server.wait("ended")
        assert not pid.exists()
        assert not sock.exists()

    def test_where_they_are_asked_for(self, serve, tmp_path):
        server = serve(options={"pid": str(tmp_path / "my.pid")})
        server.wait("server.ready")
        assert int((tmp_path / "my.pid").read_text().split()[0]) == server.pid
        assert server.control("status", tmp_path / "my.pid.sock").done()["facts"]["pid"] == server.pid
        assert not server.beside(".pid").exists()

    def test_whoever_stops_it_is_told_when_its_place_is_free(self, serve, tmp_path):
        server = serve(workers=2, bind=[f"unix:{tmp_path}/s"], options={"pid": str(tmp_path / "p")})
        server.wait("server.ready")
        asker = server.control("stop", tmp_path / "p.sock")
        assert asker.done()["done"] == 0
        assert asker.said
        assert not any((tmp_path / name).exists() for name in ("p", "p.sock", "s"))
        again = serve(bind=[f"unix:{tmp_path}/s"], options={"pid": str(tmp_path / "p")})
        again.wait("server.ready")

    def test_fast_stop(self, serve):
        server = serve(worker="stubborn")
        server.wait("server.ready")
        assert server.control("stop", fast=True).done()["done"] == 0
        assert server.wait("worker.told")["seconds"] == 0.0

    def test_a_second_server_at_the_same_place_is_refused(self, serve, tmp_path):
        options = {"pid": str(tmp_path / "p")}
        server = serve(options=options)
        server.wait("server.ready")
        second = serve(options=options)
        end = second.wait("ended")
        assert f"runs already as pid {server.pid}" in end["message"]
        assert end["children"] == "none"
        assert server.control("status", tmp_path / "p.sock").done()["done"] == 0

    def test_a_killed_server_leaves_nothing_in_the_way(self, serve, tmp_path):
        options = {"pid": str(tmp_path / "p")}
        server = serve(options=options)
        server.wait("server.ready")
        server.kill(signal.SIGKILL)
        server.status()
        again = serve(options=options)
        again.wait("server.ready")
        assert int((tmp_path / "p").read_text().split()[0]) == again.pid

    def test_no_place_for_the_pid_file(self, serve, tmp_path):
        """It serves all the same, and reloads."""
        server = serve(options={"pid": str(tmp_path / "missing" / "p")})
        told = server.wait("pidfile.cannot_write")
        assert told["path"] == str(tmp_path / "missing" / "p")
        assert server.ask()
        server.kill(signal.SIGHUP)
        server.wait("reload.done")

    @pytest.fixture
    def tiny(self, tmp_path):
        """A file system with room for nothing."""
        place = tmp_path / "tiny"
        place.mkdir()
        mounted = (
            os.geteuid() == 0
            and not subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=16", "tmpfs", place], stderr=subprocess.DEVNULL
            ).returncode
        )
        if not mounted:
            pytest.skip("file systems cannot be mounted here")
        with contextlib.suppress(OSError):
            (place / "everything").write_bytes(b"x" * 8192)
        yield place
        subprocess.run(["umount", "-l", place])

    def test_a_full_disk(self, serve, tiny):
        with pytest.raises(OSError) as full:
            (tiny / "more").write_bytes(b"x" * 4096)
        assert full.value.errno == errno.ENOSPC
        (tiny / "more").unlink(missing_ok=True)
        server = serve(options={"pid": str(tiny / "p")})
        assert server.wait("pidfile.cannot_write")["reason"] == "no space left on device"
        assert server.ask()
        sock = Path(tiny, "p.sock")
        if sock.exists():  # it takes no room
            assert server.control("reload", sock).done()["done"] == 0
        (tiny / "everything").unlink()
        server.kill(signal.SIGHUP)
        server.wait("reload.done", 2 if sock.exists() else 1)
        until((tiny / "p").exists)
        server.kill(signal.SIGTERM)
        assert server.wait("ended")["status"] == 0
        assert not (tiny / "p").exists()

    def test_status(self, serve):
        server = serve(workers=2)
        server.wait("server.ready")
        facts = server.control("status").done()["facts"]
        assert facts["pid"] == server.pid
        assert facts["settings"] == "fake.settings"
        assert facts["generation"] == 1
        assert facts["candidate"] is None
        assert [worker["state"] for worker in facts["workers"]] == ["ready", "ready"]
        assert [template["state"] for template in facts["templates"]] == ["loaded"]
        os.kill(server.ask(), signal.SIGKILL)
        server.wait("worker.ready", 3)
        facts = server.control("status").done()["facts"]
        assert facts["crashes"] == 1
        assert facts["last_crash"]["status"] == "killed by SIGKILL"


class TestOutOfDescriptors:
    def test_reload_fails_and_serving_goes_on(self, serve, tmp_path):
        server = serve(workers=2)
        server.wait("server.ready")
        (tmp_path / "starve").touch()
        server.descriptors()
        for n in range(1, 4):
            server.kill(signal.SIGHUP)
            assert server.wait("reload.failed", n)["serving"] == 1
        server.ask()
        os.kill(server.ask(), signal.SIGKILL)
        assert "Too many open files" in server.wait("worker.died", 2)["status"]
        server.ask()
        (tmp_path / "starve").write_text("no more")
        server.kill(signal.SIGUSR1)
        server.wait("worker.ready", 3)
        server.kill(signal.SIGHUP)
        server.wait("reload.done")
        server.kill(signal.SIGTERM)
        assert server.wait("ended") == {"status": 0, "children": "none"}
