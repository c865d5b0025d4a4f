"""The admin listener of real servers: health, readiness, status; its process may die, and the server be restarted."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.client import Client
from tests.kit.live import until
from tests.process.hx import Hx, actions

TOKEN = "correct horse battery staple"


@pytest.fixture
def hx(project) -> Iterator[Hx]:
    with actions(project) as found:
        yield found


def ask(path: str, target: str) -> tuple[int, str]:
    """At a unix socket."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(path)
    with Client(sock) as client:
        answer = client.get(target)
        return answer.status, answer.text


def process_of(pid: int) -> int:
    """The admin process among the children of ``pid``, or 0."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            if Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"hendrix: admin"):
                return int(child)
        except OSError:
            pass
    return 0


def test_a_unix_socket_beside_the_pid_file(project, hx) -> None:
    with project.serve("-w", "2", "--admin", "on", **hx.extra) as server:
        path = str(hx.runtime / f"{server.port}_site1_settings.admin")
        assert os.stat(path).st_mode & 0o777 == 0o600
        assert ask(path, "/health") == (200, "alive\n")
        assert ask(path, "/ready") == (200, "ready: 2 of 2 workers serve\n")
        status = json.loads(ask(path, "/status.json")[1])
        assert status["pid"] == server.pid
        assert status["admin"] == [f"unix:{path}"]

        # It is nobody's business but its own when it dies; who asks meanwhile waits.
        victim = process_of(server.pid)
        os.kill(victim, signal.SIGKILL)
        assert ask(path, "/ready")[0] == 200
        assert process_of(server.pid) not in (0, victim)

        done = hx("restart", "--http-port", str(server.port))
        assert done.returncode == 0, done.stderr
        assert ask(path, "/ready")[0] == 200
        until(lambda: json.loads(ask(path, "/status.json")[1])["generation"] > 1, "the new generation")
        last = process_of(server.pid)
    assert not os.path.exists(path)
    assert not os.path.exists(f"/proc/{last}")


def test_a_port_with_a_secret(project, hx) -> None:
    (project.folder / "token").write_text(TOKEN + "\n")
    log, old = project.folder / "server.log", project.folder / "old.log"
    words = ("--admin", "127.0.0.1:0", "--admin-token-file", "token", "--log", str(log))
    with project.serve(*words, log="server.log", **hx.extra) as server:
        status = json.loads(hx("status", "--json", "--http-port", str(server.port)).stdout)
        (url,) = status["admin"]
        port = int(url.rpartition(":")[2])

        def get(target: str, *fields: str) -> int:
            with Client(socket.create_connection(("127.0.0.1", port), 30)) as client:
                head = "".join(f"{field}\r\n" for field in ("Host: localhost", *fields, "Connection: close"))
                client.send(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode())
                return client.answer().status

        assert get("/ready") == 200
        assert get("/status.json") == 401
        assert get("/status.json", f"Authorization: Bearer {TOKEN}") == 200
        assert get("/status.json", f"Authorization: Bearer {TOKEN}", "Origin: http://evil.example") == 403
        assert TOKEN not in server.log()

        log.rename(old)
        server.signal(signal.SIGUSR1)

        def logs() -> set[str]:
            return {os.path.realpath(link) for link in Path(f"/proc/{process_of(server.pid)}/fd").iterdir()}

        until(lambda: str(log) in logs() and str(old) not in logs(), "its log to be the new one")


@pytest.mark.parametrize("token", ["", "short"])
def test_a_secret_that_is_none_stops_the_start(project, token) -> None:
    (project.folder / "token").write_text(token)
    status, said = project.fails("--admin", "127.0.0.1:0", "--admin-token-file", "token")
    assert status == 1
    assert "--admin-token-file: token: this can be guessed" in said
    assert "Traceback" not in said
