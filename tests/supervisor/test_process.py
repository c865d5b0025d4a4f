"""What becomes of processes, in words; and the fork."""

import os
import signal
import socket

import pytest

from hendrix.core.control import Decoder, LoadFailed
from hendrix.supervisor import process


def waited(pid):
    return os.waitpid(pid, 0)[1]


def heard(sock):
    """All that the child says until its end."""
    sock.settimeout(5)
    data = b""
    while more := sock.recv(65536):
        data += more
    sock.close()
    return data


def start(work, release=lambda: None):
    return process.start("hendrix: somebody", work, release)


class TestDescribe:
    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (0, "exit status 0"),
            (3 << 8, "exit status 3"),
            (signal.SIGKILL, "killed by SIGKILL"),
            (signal.SIGSEGV | 0x80, "killed by SIGSEGV (core dumped)"),
            (signal.SIGRTMIN + 3, f"killed by signal {signal.SIGRTMIN + 3}"),
        ],
    )
    def test_words(self, status, words):
        assert process.describe(status) == words


class TestChild:
    def test_gets_its_channel(self):
        pid, sock = start(lambda channel: channel.sendall(b"here"))
        assert heard(sock) == b"here"
        assert process.describe(waited(pid)) == "exit status 0"

    def test_releases_what_is_the_supervisors(self):
        ours, theirs = socket.socketpair()

        def work(channel):
            channel.sendall(str(theirs.fileno()).encode())

        pid, sock = start(work, theirs.close)
        assert heard(sock) == b"-1"
        assert theirs.fileno() != -1
        waited(pid)
        ours.close()
        theirs.close()

    def test_fault_of_ours_is_confessed(self):
        def work(channel):
            raise ValueError("two\nlines")

        pid, sock = start(work)
        ((message, _),) = Decoder().feed(heard(sock), [])
        assert isinstance(message, LoadFailed)
        assert message.summary == "ValueError: two"
        assert "in work" in message.traceback
        assert process.describe(waited(pid)) == "exit status 1"

    def test_exit_of_the_project_is_confessed_too(self):
        def work(channel):
            raise SystemExit(0)

        pid, sock = start(work)
        assert b"SystemExit: 0" in heard(sock)
        waited(pid)

    def test_child_that_it_forks_confesses_nothing(self):
        def work(channel):
            if child := os.fork():
                os.waitpid(child, 0)
            else:
                raise ValueError("of a worker")

        pid, sock = start(work)
        assert heard(sock) == b""
        waited(pid)

    def test_signals_are_unblocked_and_left_to_the_supervisor(self):
        def work(channel):
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
            for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
                os.kill(os.getpid(), signum)
            default = signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
            channel.sendall(f"{len(blocked)} {default}".encode())

        pid, sock = start(work)
        assert heard(sock) == b"0 True"
        waited(pid)
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])

    def test_nothing_is_left_when_no_process_can_be_had(self, monkeypatch):
        def fork():
            raise BlockingIOError(11, "Resource temporarily unavailable")

        monkeypatch.setattr(os, "fork", fork)
        before = set(os.listdir("/proc/self/fd"))
        with pytest.raises(OSError):
            start(lambda channel: None)
        assert set(os.listdir("/proc/self/fd")) == before
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])


class TestSignal:
    def test_to_nobody_is_harmless(self):
        pid, sock = start(lambda channel: None)
        sock.close()
        waited(pid)
        process.send_signal(pid, signal.SIGTERM)


class TestTitle:
    def test_without_setproctitle_nothing_happens(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "setproctitle", None)
        process.set_title("anything")
