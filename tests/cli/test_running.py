"""Which server is meant, and that no stale file is ever taken for one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hendrix.cli.command import parse
from hendrix.cli.load import load, load_for_one
from hendrix.cli.running import Running, find
from hendrix.core.errors import HendrixError, UsageError
from hendrix.supervisor import runtime
from hendrix.supervisor.pidfile import start_of
from tests.cli.conftest import Fakes


def meant(*flags: str) -> Running:
    sourced = load(parse(["status", *flags]).flags, os.environ, Path.cwd())
    return find(sourced, os.environ)


def refused(*flags: str) -> str:
    with pytest.raises(HendrixError) as caught:
        meant(*flags)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.fixture
def alone(fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    """No other server of this user is to be seen, wherever it is."""
    only = os.path.join(os.environ["XDG_RUNTIME_DIR"], "hendrix")
    monkeypatch.setattr(runtime, "lookup", lambda environ, uid: [only] if os.path.isdir(only) else [])
    return fakes


def dead() -> int:
    """The pid of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


class TestWithoutOptions:
    def test_none(self, alone: Fakes) -> None:
        assert refused().startswith("no server is running; hx start starts one")

    def test_the_only_one(self, alone: Fakes) -> None:
        process = alone.start("8000_a")
        stem = f"{alone.folder}/8000_a"
        assert meant() == Running("8000_a", process.pid, f"{stem}.sock", f"{stem}.pid")

    def test_several(self, alone: Fakes) -> None:
        one, two = alone.start("8000_a"), alone.start("8001_b")
        said = refused()
        assert f"8000_a (pid {one.pid}), 8001_b (pid {two.pid})" in said
        assert "--pid FILE" in said and "--http-port" in said

    def test_many_are_not_all_listed(self, alone: Fakes) -> None:
        for number in range(9):
            alone.start(f"800{number}_a")
        assert refused().startswith("9 servers are running: 8000_a (pid ") and ", ...; choose" in refused()

    def test_the_one_of_the_project_here(self, alone: Fakes, tmp_path: Path) -> None:
        """And never another project's: ``hx stop`` would end it."""
        (tmp_path / "manage.py").write_text("import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'b.settings'\n")
        other = alone.start("8000_a_settings", directory="/")
        said = refused()
        assert said.startswith(
            f"no server of b.settings is running; there is 8000_a_settings (pid {other.pid}); choose"
        )
        assert meant("--settings", "a.settings").pid == meant("--http-port", "8000").pid == other.pid
        process = alone.start("8001_b_settings", directory="/")
        assert meant().pid == process.pid

    def test_one_that_was_started_here_by_another_name(self, alone: Fakes, tmp_path: Path) -> None:
        (tmp_path / "manage.py").write_text("import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'b.settings'\n")
        process = alone.start("8000_b_wsgi_application", directory=str(tmp_path))
        alone.start("8000_a_settings", directory="/")
        assert meant().pid == process.pid

    def test_one_without_a_pid_file(self, alone: Fakes) -> None:
        """A full disk: its control socket still tells its pid."""
        process = alone.start("8000_a", pidfile=False)
        assert (meant().pid, meant().pidfile) == (process.pid, "")

    def test_one_without_a_control_socket(self, alone: Fakes) -> None:
        process = alone.start("8000_a", sock="")
        assert meant().pid == process.pid


class TestStale:
    def test_a_process_that_is_gone(self, alone: Fakes) -> None:
        (alone.folder / "8000_a.pid").write_text(f"{dead()}\nstart=1\n")
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(alone.folder / "8000_a.sock"))
        assert refused().startswith("no server is running")

    def test_a_pid_that_another_process_has_by_now(self, alone: Fakes) -> None:
        us = os.getpid()
        (alone.folder / "8000_a.pid").write_text(f"{us}\nstart={(start_of(us) or 0) - 1}\n")
        assert refused().startswith("no server is running")

    def test_by_name(self, fakes: Fakes, tmp_path: Path) -> None:
        path = tmp_path / "x.pid"
        path.write_text(f"{os.getpid()}\nstart=1\n")
        assert refused("--pid", str(path)) == f"no server is running: the pid file {path} names a process that is gone"
        assert refused("--pid", "none.pid").endswith("/none.pid does not exist")


class TestPid:
    def test_a_file_elsewhere(self, fakes: Fakes, tmp_path: Path) -> None:
        process = fakes.start("x", folder=tmp_path, sock=".pid.sock")
        path = tmp_path / "x.pid"
        assert meant("--pid", "x.pid") == Running("x", process.pid, f"{path}.sock", str(path))

    def test_whatever_hendrix_toml_says(self, fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody is kept from a stop by a mistake in the file of the next start."""
        process = fakes.start("s", folder=tmp_path)
        monkeypatch.chdir(tmp_path)
        Path("hendrix.toml").write_text("no_such_option = 1\n")
        with pytest.raises(UsageError, match="no_such_option"):
            meant()
        for said in ("no_such_option = 1\n", "threads = = 2\n", "daemonize = true\nreload = true\n"):
            Path("hendrix.toml").write_text(said)
            sourced = load_for_one(parse(["stop", "--pid", "s.pid"]).flags, os.environ, Path.cwd())
            assert find(sourced, os.environ).pid == process.pid

    def test_a_site_beside_it_is_not_taken_for_the_control_socket(self, fakes: Fakes, tmp_path: Path) -> None:
        fakes.start("x", folder=tmp_path, sock=".sock")
        assert meant("--pid", "x.pid").socket == f"{tmp_path}/x.pid.sock"

    def test_one_of_those_that_are_listed(self, fakes: Fakes) -> None:
        fakes.start("8000_a")
        process = fakes.start("8001_b")
        found = meant("--pid", f"{fakes.folder}/8001_b.pid")
        assert (found.pid, found.socket) == (process.pid, f"{fakes.folder}/8001_b.sock")

    def test_a_file_of_its_own_in_that_directory(self, fakes: Fakes) -> None:
        process = fakes.start("mine", sock=".pid.sock")
        found = meant("--pid", f"{fakes.folder}/mine.pid")
        assert (found.pid, found.socket) == (process.pid, f"{fakes.folder}/mine.pid.sock")

    def test_from_the_file_of_another_directory(self, fakes: Fakes, tmp_path: Path) -> None:
        place = tmp_path / "deploy"
        place.mkdir()
        (place / "hendrix.toml").write_text('pid = "run.pid"')
        process = fakes.start("run", folder=place, sock=".pid.sock")
        assert meant("--chdir", "deploy").pid == process.pid


class TestByOptions:
    @pytest.mark.parametrize(
        ("flags", "name"),
        [
            (("--http-port", "8001"), "8001_b_settings"),
            (("--bind", "127.0.0.1:8001"), "8001_b_settings"),
            (("--settings", "b.settings"), "8001_b_settings"),
            (("--settings", "a.settings", "--http_port", "8000"), "8000_a_settings"),
            (("--wsgi", "x.wsgi:app"), "8002_x_wsgi_app"),
            (("--bind", "unix:/run/shop.sock"), "shop_sock_c_settings"),
            (("--settings", "c.settings"), "shop_sock_c_settings"),
        ],
    )
    def test_the_one_that_they_describe(self, fakes: Fakes, flags: tuple[str, ...], name: str) -> None:
        for other in ("8000_a_settings", "8001_b_settings", "8002_x_wsgi_app", "shop_sock_c_settings"):
            fakes.start(other)
        assert meant(*flags).name == name

    def test_a_file_that_was_changed_for_the_next_start(self, fakes: Fakes, tmp_path: Path) -> None:
        """Or ``hx restart`` could never take another port from it."""
        fakes.start("8000_a_settings")
        process = fakes.start("8001_b_settings")
        (tmp_path / "manage.py").write_text("import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'b.settings'\n")
        (tmp_path / "hendrix.toml").write_text("http_port = 8007\n")
        assert meant().pid == process.pid
        assert "no server at that address is running" in refused("--http-port", "8009"), "who says it means it"
        (tmp_path / "hendrix.toml").write_text("http_port = 8000\n")
        assert meant().name == "8000_a_settings"

    def test_by_the_environment(self, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:
        fakes.start("8000_a")
        fakes.start("8001_b")
        monkeypatch.setenv("PORT", "8001")
        assert meant().name == "8001_b"

    def test_none_is_like_that(self, fakes: Fakes) -> None:
        fakes.start("8000_a_settings")
        assert "no server at that address is running; there is 8000_a_settings (pid " in refused("--http-port", "9000")
        assert "no server of settings is running" in refused("--settings", "settings")
        assert "at that address and of b is" in refused("--settings", "b", "--http-port", "8000")

    def test_the_same_port_at_two_addresses(self, fakes: Fakes, tmp_path: Path) -> None:
        """Then the project of this directory decides, where there is one."""
        fakes.start("8000_a_settings")
        fakes.start("8000_b_settings")
        assert refused("--http-port", "8000").startswith("2 servers are running")
        (tmp_path / "manage.py").write_text("import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'b.settings'")
        assert meant("--http-port", "8000").name == "8000_b_settings"

    def test_a_name_that_was_cut(self, fakes: Fakes) -> None:
        settings = "p" * 100
        fakes.start(f"8000_{settings}"[:64])
        assert meant("--settings", settings).name.startswith("8000_ppp")
