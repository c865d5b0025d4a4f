"""``hx start`` puts the rooms together; the rooms themselves are stood in for."""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hendrix.cli.main import main
from hendrix.core.config import Config
from hendrix.core.control import SettingsLoaded


class Rooms:
    """What the stand-ins were told."""

    def __init__(self) -> None:
        self.logs: list[Config] = []
        self.config = Config()
        self.given: dict[str, Any] = {}

    def run(self, config: Config, **given: Callable[..., Any]) -> int:
        self.config, self.given = config, given
        return 7


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    """A project in the current directory, and stand-ins below ``hx``."""
    from hendrix.cli import start

    rooms = Rooms()
    monkeypatch.setattr(start.log, "configure", rooms.logs.append)
    monkeypatch.setattr(start.supervisor, "run", rooms.run)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manage.py").write_text('import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")')
    yield rooms


def test_the_supervisor_gets_it_all(rooms: Rooms, tmp_path: Path) -> None:
    assert main(["start", "--threads", "3"]) == 7
    assert (rooms.config.settings, rooms.config.pythonpath) == ("shop.settings", str(tmp_path))
    assert rooms.config.threads == 3
    assert rooms.config.bind == ()
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "shop.settings"
    assert rooms.logs == [rooms.config]


def test_the_projects_settings_are_merged_in(rooms: Rooms) -> None:
    main(["start", "--threads", "3"])
    said = {"HENDRIX": {"threads": 9, "backlog": 10, "log": "x.log"}}
    config = rooms.given["resolve"](SettingsLoaded("shop.settings", True, said))
    assert (config.threads, config.backlog, config.bind) == (3, 10, ("127.0.0.1:8000",))
    assert config.settings == "shop.settings"
    assert rooms.logs[-1] == config


def test_the_template_imports_from_the_project(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[object, Config, list[str]]] = []
    room = ModuleType("hendrix.worker.template")
    room.serve = lambda channel, config: served.append((channel, config, list(sys.path)))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hendrix.worker.template", room)
    monkeypatch.setattr(sys, "path", ["/before", str(tmp_path)])
    main(["start"])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        rooms.given["template"](ours, rooms.config)
        assert served == [(ours, rooms.config, [str(tmp_path), "/before"])]
