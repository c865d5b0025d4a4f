"""ASGI 3, "Lifespan Protocol": start, end, and what is left for the requests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.live import serve


def told(app: str, *options: str, target: str = "/x") -> tuple[list[object], str, str]:
    """What the application says, its log, and what it printed."""
    with serve(f"lifespans:{app}", *options, directory=APPS, kind="asgi") as server:
        with server.client() as client:
            found = json.loads(client.get(target).body)
        log = server.log()
    return found, log, server.last_output


def start(app: str, *options: str, home: Path) -> tuple[int, str]:
    """Exit status and output of a start that fails."""
    command = [sys.executable, "-m", "hendrix", "start", "--asgi", f"lifespans:{app}", "--pythonpath", str(APPS)]
    ended = subprocess.run([*command, "--bind", "127.0.0.1:0", *options], cwd=home, capture_output=True, timeout=30)
    return ended.returncode, (ended.stdout + ended.stderr).decode()


@pytest.mark.parametrize("app", ["unknown", "takes_it_for_http", "returns"])
def test_who_does_not_know_it_is_served_all_the_same(app: str) -> None:
    (state, *_), log, _ = told(app)
    assert state == {}
    assert "lifespan" not in log


def test_start_state_and_end() -> None:
    (state, *_), _, output = told("complete")
    assert state == {"from": "lifespan.startup"}
    assert "lifespan.shutdown" in output


def test_off() -> None:
    (state, *_), _, output = told("complete", "--lifespan", "off")
    assert state == {}
    assert "lifespan.shutdown" not in output


@pytest.mark.parametrize("options", [(), ("--no-preload",), ("-w", "2")])
def test_a_startup_that_failed_ends_the_start(tmp_path: Path, options: tuple[str, ...]) -> None:
    status, said = start("fails", *options, home=tmp_path)
    assert status == 3
    assert "no database today" in said


def test_a_startup_that_raises_ends_the_start(tmp_path: Path) -> None:
    status, said = start("raises", home=tmp_path)
    assert status == 3
    assert "LookupError" in said
    assert "lifespans.py" in said


@pytest.mark.parametrize("app", ["unknown", "returns"])
def test_on_must_be_understood(tmp_path: Path, app: str) -> None:
    assert start(app, "--lifespan", "on", home=tmp_path)[0] == 3


def test_what_breaks_later_is_logged() -> None:
    (state, *_), log, _ = told("breaks_later")
    assert state == {}
    assert "lifespan.failed" in log


def test_an_end_that_failed_is_logged() -> None:
    with serve("lifespans:cannot_end", directory=APPS, kind="asgi") as server:
        server.signal(15)
        server.await_log("it would not stop")


class TestRootPath:
    def test_asgi(self) -> None:
        found, _, _ = told("unknown", "--root-path", "/shop/", target="/x%20y")
        assert found[1:] == ["/shop", "/shop/x y"]

    def test_wsgi(self) -> None:
        with serve("suite:app", "--root-path", "/shop", directory=APPS) as server, server.client() as client:
            plain = json.loads(client.get("/environ/x").body)["plain"]
        assert (plain["SCRIPT_NAME"], plain["PATH_INFO"]) == ("/shop", "/environ/x")
