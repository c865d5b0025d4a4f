"""What a service manager hears, at a real datagram socket."""

import contextlib
import os
import socket
import sys
import tempfile

import pytest

from hendrix.supervisor.notify import Notifier, strip

PATIENCE = 5
linux = pytest.mark.skipif(sys.platform != "linux", reason="abstract names are Linux's")


@contextlib.contextmanager
def manager(address):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(PATIENCE)
        yield sock


@pytest.fixture
def path():
    """A short one, as unix sockets need."""
    with tempfile.TemporaryDirectory(prefix="hx-") as folder:
        yield f"{folder}/notify"


@pytest.fixture(params=["path", pytest.param("abstract", marks=linux)])
def systemd(request, path):
    """The manager's socket, and the environment that names it."""
    name = path if request.param == "path" else f"@hendrix-test-{os.getpid()}"
    with manager(name.replace("@", "\0", 1) if request.param == "abstract" else name) as sock:
        yield sock, {"NOTIFY_SOCKET": name}


def heard(sock):
    return sock.recv(4096).decode().split("\n")


class TestSaid:
    def test_ready(self, systemd):
        sock, environ = systemd
        Notifier(environ).ready("serves at http://127.0.0.1:8000")
        assert heard(sock) == ["READY=1", f"MAINPID={os.getpid()}", "STATUS=serves at http://127.0.0.1:8000"]

    def test_reloading_has_its_time(self, systemd):
        sock, environ = systemd
        Notifier(environ).reloading(12.5)
        assert heard(sock) == ["RELOADING=1", "MONOTONIC_USEC=12500000"]

    def test_stopping_status_and_beat(self, systemd):
        sock, environ = systemd
        notifier = Notifier(environ)
        notifier.stopping(40.0)
        notifier.say("2 of 3 workers")
        notifier.beat()
        assert [heard(sock) for _ in range(3)] == [
            ["STOPPING=1", "EXTEND_TIMEOUT_USEC=40000000"],
            ["STATUS=2 of 3 workers"],
            ["WATCHDOG=1"],
        ]

    def test_status_is_one_line(self, systemd):
        sock, environ = systemd
        Notifier(environ).say("it failed:\nREADY=1\r\nWATCHDOG=trigger")
        assert heard(sock) == ["STATUS=it failed: READY=1 WATCHDOG=trigger"]

    def test_status_is_cut_and_any_text_is_sent(self, systemd):
        sock, environ = systemd
        Notifier(environ).ready("\udcff" + "x" * 1_000_000)
        assert heard(sock)[2] == "STATUS=?" + "x" * 511


class TestNoHarm:
    @pytest.mark.parametrize(
        "name", ["", "relative", "/nowhere/at/all", "vsock:2:1234", "/" + "x" * 200, "/a\0b", "@"]
    )
    def test_nobody_listens(self, name):
        notifier = Notifier({"NOTIFY_SOCKET": name})
        notifier.ready("x")
        notifier.reloading(1.0)
        notifier.beat()

    def test_no_variable(self):
        Notifier({}).ready("x")

    def test_manager_that_does_not_read(self, systemd):
        """More than any queue holds: it returns all the same."""
        sock, environ = systemd
        notifier = Notifier(environ)
        for _ in range(2000):
            notifier.beat()
        assert heard(sock) == ["WATCHDOG=1"]

    def test_manager_that_comes_back(self, path):
        notifier = Notifier({"NOTIFY_SOCKET": path})
        for _ in range(2):
            with manager(path) as sock:
                notifier.stopping(40.0)
                assert heard(sock) == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=40000000"]
            os.unlink(path)
            notifier.stopping(40.0)

    def test_nothing_is_left_open(self, systemd):
        _, environ = systemd
        before = os.listdir("/dev/fd")
        Notifier(environ).ready("x")
        assert os.listdir("/dev/fd") == before


class TestWatchdog:
    def beat(self, **environ):
        return Notifier({"NOTIFY_SOCKET": "/run/n", **environ}).beat_every

    def test_half_of_what_is_allowed(self):
        assert self.beat(WATCHDOG_USEC="30000000") == 15.0
        assert self.beat(WATCHDOG_USEC="500000", WATCHDOG_PID=str(os.getpid())) == 0.25

    def test_of_another_process(self):
        assert self.beat(WATCHDOG_USEC="30000000", WATCHDOG_PID=str(os.getppid())) is None

    @pytest.mark.parametrize("told", ["", "0", "-5", "soon", "²"])
    def test_none(self, told):
        assert self.beat(WATCHDOG_USEC=told) is None

    def test_not_asked_for(self):
        assert self.beat() is None

    def test_nobody_to_tell(self):
        assert Notifier({"WATCHDOG_USEC": "30000000"}).beat_every is None


class TestStrip:
    def test_ours_go_and_the_projects_stay(self):
        ours = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
        environ = dict.fromkeys((*ours, "LISTEN_HOST", "PATH"), "1")
        strip(environ)
        assert environ == {"LISTEN_HOST": "1", "PATH": "1"}

    def test_nothing_to_remove(self):
        strip(environ := {"PATH": "/bin"})
        assert environ == {"PATH": "/bin"}


class TestNoRoom:
    """A socket of datagrams holds a few, and the service manager may be busy."""

    def test_a_change_is_said_later_and_in_its_turn(self, path):
        with manager(path) as sock:
            sock.setblocking(False)
            notifier = Notifier({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"})
            for _ in range(2000):
                notifier.beat()
            notifier.reloading(1.0)
            notifier.ready("serving")
            again = notifier.deadline()
            assert again is not None
            said = []
            for turn in range(1, 4):
                while said[-1:] != [["READY=1", f"MAINPID={os.getpid()}", "STATUS=serving"]]:
                    try:
                        said.append(heard(sock))
                    except BlockingIOError:
                        break
                notifier.look(again + turn)
            changes = [lines[0] for lines in said if lines != ["WATCHDOG=1"]]
            assert changes == ["RELOADING=1", "READY=1"]
            assert notifier.deadline() != notifier._again_at
