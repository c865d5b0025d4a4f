"""``hx status --requests`` and ``hx top`` of a real server: what is under way, where it is, and what has failed."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.kit.live import until
from tests.process.hx import Hx, actions

FAIL = """

def fail(request):
    raise LookupError("as intended")


async def rows(request):
    import asyncio
    from pathlib import Path
    while not Path(request.GET["gate"]).exists():
        await asyncio.sleep(0.02)
    return HttpResponse("waited")
"""


VIEWS = {"site1.views.wait", "site1.views.rows"}


@pytest.fixture
def hx(project) -> Iterator[Hx]:
    with actions(project) as found:
        yield found


def test_requests_under_way_their_stacks_and_errors(project, hx, tmp_path: Path) -> None:
    project.add("views.py", FAIL)
    gate = tmp_path / "gate"
    with project.serve("-w", "2", **hx.extra) as server, ThreadPoolExecutor(2) as pool:

        def get(target: str) -> int:
            with server.client() as client:
                return int(client.get(target).status)

        def facts() -> dict[str, Any]:
            done = hx("status", "--requests", "--json", "--http-port", str(server.port))
            assert done.returncode == 0, done.stderr
            return dict(json.loads(done.stdout)["requests"])

        def found() -> dict[str, dict[str, Any]]:
            requests = [row for worker in facts()["workers"] for row in worker["requests"]]
            return {row["url"].split("?")[0]: row for row in requests}

        try:
            ends = [
                pool.submit(get, f"/wait?token=hush&mark={tmp_path / 'mark'}&gate={gate}"),
                pool.submit(get, f"/rows?gate={gate}"),
            ]
            until(lambda: {row["view"] for row in found().values()} == VIEWS, "both views to have begun")
            rows = found()
            sync, on_loop = rows["/wait"], rows["/rows"]
            assert sync["method"] == "GET"
            assert "token=***" in sync["url"]
            assert sync["where"].startswith("thread ")
            assert sync["peer"] == "127.0.0.1"
            assert sync["age"] > 0
            assert on_loop["where"] == "task"

            for row, line in ((sync, "in wait"), (on_loop, "in rows")):
                done = hx("status", "--requests", row["id"], "--http-port", str(server.port))
                assert done.returncode == 0, done.stderr
                assert line in done.stdout
                assert "views.py" in done.stdout
                assert "hush" not in done.stdout
        finally:
            gate.touch()
        assert [end.result(30) for end in ends] == [200, 200]

        done = hx("status", "--requests", sync["id"], "--http-port", str(server.port))
        assert done.returncode == 1
        assert "is under way" in done.stderr
        assert get("/fail") == 500
        errors = [row for worker in facts()["workers"] for row in worker["errors"]]
        assert [(row["error"], row["request"]) for row in errors] == [("LookupError", "GET /fail")]
        assert errors[0]["id"]


class Terminal:
    """``hx top`` at a terminal of 80x24; ``seen`` is all that it has written, without control sequences."""

    def __init__(self, hx: Hx, *words: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [sys.executable, "-m", "hendrix", "top", *words]
        environ = hx.project.environ(**hx.extra, TERM="xterm")
        self.process = subprocess.Popen(
            command,
            cwd=hx.project.folder,
            env=environ,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._raw = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            self._raw += data

    @property
    def seen(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-Z]|\x1b[=>]", " ", self._raw.decode(errors="replace"))

    def press(self, keys: str) -> None:
        self._raw = b""
        os.write(self._master, keys.encode())

    def shows(self, text: str) -> bool:
        """Asked again and again: what is on the screen already is only written when it is drawn anew (^L)."""
        if text in self.seen:
            return True
        os.write(self._master, b"\x0c")
        return False

    def close(self) -> None:
        self.process.kill()
        self.process.wait(30)
        self._reader.join(30)
        os.close(self._master)


def test_top_shows_requests_and_the_stack_of_one_and_replaces_a_worker(project, hx, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with project.serve(**hx.extra) as server, ThreadPoolExecutor(1) as pool:
        with server.client() as client:
            first = client.get("/pid").text

        def get(target: str) -> int:
            with server.client() as client:
                return int(client.get(target).status)

        which = ("--http-port", str(server.port))
        pending = pool.submit(get, f"/wait?mark={tmp_path / 'mark'}&gate={gate}")
        terminal = Terminal(hx, *which)
        try:
            until(lambda: terminal.shows("site1.views.wait"), "the request on the screen", 30)
            until(lambda: terminal.shows(first), "its worker", 30)  # the pid of the worker
            terminal.press("\n")
            until(lambda: terminal.shows("time.sleep(0.01)"), "its stack", 30)
            terminal.press("\x1b")
            gate.touch()
            assert pending.result(30) == 200
            until(lambda: terminal.shows("no requests under way"), "the end of the request", 30)
            terminal.press("r1\n")

            def replaced() -> bool:
                with server.client() as client:
                    return client.get("/pid").text != first

            until(replaced, "another worker", 30)
            terminal.press("q")
            assert terminal.process.wait(30) == 0
        finally:
            gate.touch()
            terminal.close()

        done = hx("top", "--once", "--json", *which)
        assert done.returncode == 0, done.stderr
        facts = json.loads(done.stdout)
        assert facts["rate"] is not None
        assert [worker["in_flight"] for worker in facts["workers"] if worker["state"] == "ready"] == [0]
        done = hx("top", *which)
        assert done.returncode == 1
        assert "hx top needs a terminal" in done.stderr
