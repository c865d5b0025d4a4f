"""``hx stop``, ``reload``, ``restart`` and ``status`` against servers that do as they are told, or do not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hendrix.cli.main import main
from tests.cli.conftest import Fakes
from tests.kit.live import until

DONE = {"done": 0, "summary": "", "traceback": "", "facts": {}}


def hx(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "hendrix", *words], capture_output=True, text=True, timeout=60)


def failed(*words: str, status: int = 1) -> str:
    """The one line."""
    done = hx(*words)
    assert (done.returncode, done.stdout) == (status, ""), done
    *_, last = done.stderr.splitlines()
    assert last.startswith("hx: ")
    return last


class TestStop:
    def test_it_waits_for_the_end(self, fakes: Fakes) -> None:
        server = fakes.start("8000_a", stop=[{"say": "2 workers finish"}, "exit"])
        done = hx("stop", "--http-port", "8000")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"stopped 8000_a (pid {server.pid}) in ")
        assert len(done.stdout.splitlines()) == 1
        assert server.poll() is not None
        assert fakes.heard(server) == {"do": "stop"}

    def test_fast(self, fakes: Fakes) -> None:
        server = fakes.start("8000_a", stop=[DONE, "exit"])
        assert hx("stop", "--http-port", "8000", "--fast").returncode == 0
        assert fakes.heard(server) == {"do": "stop", "fast": True}

    def test_progress(self, fakes: Fakes) -> None:
        fakes.start("8000_a", stop=[{"say": "2 workers\x1b finish"}, "exit"])
        assert hx("stop", "--http-port", "8000", "-v", "2").stderr == "2 workers\\x1b finish\n"

    def test_quiet(self, fakes: Fakes) -> None:
        fakes.start("8000_a", stop=[{"say": "2 workers finish"}, "exit"])
        assert hx("stop", "--http-port", "8000", "-q").stdout == ""

    def test_without_a_socket_by_a_signal(self, fakes: Fakes) -> None:
        server = fakes.start("8000_a", sock="")
        assert hx("stop", "--http-port", "8000").returncode == 0
        assert server.wait(20) == -signal.SIGTERM

    def test_without_a_socket_and_fast(self, fakes: Fakes) -> None:
        server = fakes.start("8000_a", sock="")
        assert hx("stop", "--http-port", "8000", "--fast").returncode == 0
        assert server.wait(20) in (-signal.SIGINT, 1)

    def test_it_says_that_it_will_not(self, fakes: Fakes) -> None:
        server = fakes.start("8000_a", stop=[{**DONE, "done": 1, "summary": "not today"}])
        expected = f"hx: 8000_a (pid {server.pid}) is not stopped: not today"
        assert failed("stop", "--http-port", "8000") == expected

    def test_it_stands_still(self, fakes: Fakes) -> None:
        server = fakes.start("8000_a")
        server.send_signal(signal.SIGSTOP)
        assert f"stands still (^Z, SIGSTOP or a debugger); kill -CONT {server.pid}" in failed(
            "stop", "--http-port", "8000"
        )

    def test_two_interrupts_leave(self, fakes: Fakes) -> None:
        server = fakes.start("8000_a", stop=["hang"])
        client = subprocess.Popen(
            [sys.executable, "-m", "hendrix", "stop", "--http-port", "8000"], stderr=subprocess.PIPE, text=True
        )
        fakes.heard(server)
        client.send_signal(signal.SIGINT)
        assert client.stderr
        assert "goes on stopping; ^C again leaves it to that" in client.stderr.readline()
        client.send_signal(signal.SIGINT)
        assert client.wait(20) == 130
        assert client.stderr.read() == ""
        client.stderr.close()
        assert server.poll() is None


@pytest.mark.parametrize(("action", "done", "name"), [("reload", "reloaded", "HUP"), ("restart", "restarted", "USR2")])
class TestRenewal:
    def test_done(self, fakes: Fakes, action: str, done: str, name: str) -> None:
        server = fakes.start("8000_a", **{action: [{"say": "loading"}, DONE]})
        ended = hx(action, "--http-port", "8000")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert ended.stdout.startswith(f"{done} 8000_a (pid {server.pid}) in ")

    def test_the_project_does_not_load(self, fakes: Fakes, action: str, done: str, name: str) -> None:
        answer = {**DONE, "done": 3, "summary": "no module x", "traceback": "Traceback:\n  x.py\n"}
        server = fakes.start("8000_a", **{action: [answer]})
        ended = hx(action, "--http-port", "8000")
        line = f"hx: 8000_a (pid {server.pid}) is not {done}, and serves on as it was: no module x\n"
        assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", f"Traceback:\n  x.py\n{line}")

    def test_refused(self, fakes: Fakes, action: str, done: str, name: str) -> None:
        fakes.start("8000_a", **{action: [{**DONE, "done": 1, "summary": f"not {done}: it is stopping"}]})
        assert failed(action, "--http-port", "8000").endswith(f"is not {done}: it is stopping")

    def test_it_ends_in_the_middle(self, fakes: Fakes, action: str, done: str, name: str) -> None:
        fakes.start("8000_a", **{action: [{"say": "loading"}, "exit"]})
        assert failed(action, "--http-port", "8000").endswith(
            f"is not {done}: it ended meanwhile; its log may say why"
        )

    def test_without_a_socket(self, fakes: Fakes, action: str, done: str, name: str) -> None:
        server = fakes.start("8000_a", sock="")
        assert failed(action, "--http-port", "8000").endswith(f"; kill -{name} {server.pid} does it")
        assert server.poll() is None


class TestStatus:
    FACTS = {"pid": 5, "name": "8000_a", "workers": [], "unknown": 1}  # noqa: RUF012

    def test_the_page(self, fakes: Fakes) -> None:
        fakes.start("8000_a", status=[{**DONE, "facts": self.FACTS}])
        done = hx("status", "--http-port", "8000")
        assert (done.returncode, done.stderr) == (0, "")
        assert "8000_a" in done.stdout and "\x1b" not in done.stdout

    def test_json(self, fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
        fakes.start("8000_a", status=[{**DONE, "facts": self.FACTS}])
        assert main(["status", "--http-port", "8000", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == self.FACTS

    def test_nobody_reads_on(self, fakes: Fakes) -> None:
        fakes.start("8000_a", status=[{**DONE, "facts": {**self.FACTS, "more": "x" * 50_000}}])
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "hendrix", "status", "--json", "--http-port", "8000"]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60)
        os.close(writer)
        assert (done.returncode, done.stderr) == (1, b"")

    def test_without_a_socket(self, fakes: Fakes) -> None:
        server = fakes.start("8000_a", sock="")
        assert f"8000_a (pid {server.pid}) runs, but nobody listens" in failed("status", "--http-port", "8000")


def test_the_process_is_watched_and_not_its_number(fakes: Fakes, tmp_path: Path) -> None:
    """The server ends and leaves its files behind: what has its pid by then is not waited for."""
    from hendrix.cli.process import Process

    server = fakes.start("8000_a")
    with Process(server.pid) as process:
        assert not process.ended(0)
        server.kill()
        assert process.ended(20)
        process.send(signal.SIGTERM)  # to nobody
    until(lambda: server.poll() is not None, "the end")
