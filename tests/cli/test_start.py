"""``hx start`` puts the rooms together; the rooms themselves are stood in for."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from hendrix.cli.main import main
from hendrix.cli.options import ProjectOptions
from hendrix.core.config import Config
from hendrix.core.control import SettingsLoaded
from hendrix.supervisor.origin import HANDOVER, REHEARSAL, REHEARSED, Origin
from hendrix.supervisor.rooms import Rooms


class Supervisor:
    """What the stand-ins were told."""

    def __init__(self) -> None:
        self.logs: list[Config] = []
        self.runs: list[tuple[ProjectOptions, Rooms, Origin]] = []

    def run(self, options: ProjectOptions, rooms: Rooms, origin: Origin) -> int:
        self.runs.append((options, rooms, origin))
        return 7

    @property
    def options(self) -> ProjectOptions:
        return self.runs[0][0]

    @property
    def rooms(self) -> Rooms:
        return self.runs[0][1]


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A project in the current directory, and stand-ins below ``hx``."""
    from hendrix.cli import start
    from hendrix.observe import log

    told = Supervisor()
    monkeypatch.setattr(log, "configure", told.logs.append)
    monkeypatch.setattr(start.supervisor, "run", told.run)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "")
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manage.py").write_text('import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")')
    yield told


def test_the_supervisor_gets_it_all(supervisor: Supervisor, tmp_path: Path) -> None:
    assert main(["start", "--threads", "3"]) == 7
    config = supervisor.options.known()
    assert (config.settings, config.pythonpath) == ("shop.settings", str(tmp_path))
    assert config.threads == 3
    assert config.bind == ()
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "shop.settings"
    assert supervisor.logs == [config]
    assert supervisor.runs[0][2].directory == str(tmp_path)


def test_the_projects_settings_are_merged_in(supervisor: Supervisor) -> None:
    main(["start", "--threads", "3"])
    said = {"HENDRIX": {"threads": 9, "backlog": 10, "log": "x.log"}}
    config = supervisor.options.resolve(SettingsLoaded("shop.settings", True, said))
    assert (config.threads, config.backlog, config.bind) == (3, 10, ("127.0.0.1:8000",))
    assert config.settings == "shop.settings"
    assert supervisor.logs[-1] == config


def test_options_are_read_anew_for_each_generation(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "hendrix.toml").write_text("threads = 3")
    main(["start"])
    (tmp_path / "hendrix.toml").write_text("threads = 4")
    assert supervisor.options.known().threads == 4


def test_the_template_imports_from_the_project(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[object, Config, int, list[str]]] = []
    room = ModuleType("hendrix.worker.template")
    room.serve = lambda channel, config, stacks: served.append((channel, config, stacks, list(sys.path)))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hendrix.worker.template", room)
    monkeypatch.setattr(sys, "path", ["/before", str(tmp_path)])
    main(["start"])
    config = supervisor.options.known()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        supervisor.rooms.template(ours, config, 5)
        assert served == [(ours, config, 5, [str(tmp_path), "/before"])]


def test_a_rehearsal_does_nothing(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REHEARSAL, "1")
    assert main(["start"]) == REHEARSED
    assert not supervisor.runs


class TestDaemon:
    """What can be seen of it without one."""

    @pytest.fixture(autouse=True)
    def _state(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def options(self, *words: str) -> ProjectOptions:
        from hendrix.cli.command import parse
        from hendrix.cli.load import load

        sourced = load(parse(["start", *words]).flags, os.environ, Path.cwd())
        return ProjectOptions(sourced, Origin.now())

    def test_it_logs_to_a_file(self, supervisor: Supervisor, tmp_path: Path) -> None:
        options = self.options("-d", "--http-port", "9000")
        assert options.known().log == str(tmp_path / "state/hendrix/9000_shop_settings.log")
        assert options.latest.sources["log"] == "--daemonize"

    def test_the_projects_settings_may_name_another(self, supervisor: Supervisor) -> None:
        options = self.options("-d")
        options.known()
        said = SettingsLoaded("shop.settings", False, {"HENDRIX": {"log": "/x.log"}})
        assert options.merged(said).log == "/x.log"
        assert options.merged(SettingsLoaded("shop.settings", False)).log.endswith("/8000_shop_settings.log")

    def test_one_that_is_executed_anew_is_one_already(
        self, supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from hendrix.cli import daemon

        talks: list[str] = []
        monkeypatch.setattr(daemon, "talk_to", talks.append)
        monkeypatch.setattr(daemon, "launch", lambda config, serve: pytest.fail("a second daemon"))
        monkeypatch.setenv(HANDOVER, "9")
        assert main(["start", "-d"]) == 7
        assert talks == [str(tmp_path / "state/hendrix/8000_shop_settings.log")]
