"""Finding the project."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from hendrix.cli.command import parse
from hendrix.cli.load import load, overruled
from hendrix.cli.project import Project, find
from hendrix.core.errors import ProjectError, UsageError

MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'


def found(directory: Path, *flags: str, environ: Mapping[str, str] | None = None) -> Project:
    environ = environ or {}
    return find(load(parse(["start", *flags]).flags, environ, directory), environ, directory)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    directory = tmp_path / "shop"
    directory.mkdir()
    (directory / "manage.py").write_text(MANAGE)
    return directory


def test_manage_py_says(shop: Path) -> None:
    assert found(shop) == Project("shop.settings", str(shop / "manage.py"), (str(shop),))


def test_the_environment_wins_over_manage_py(shop: Path) -> None:
    project = found(shop, environ={"DJANGO_SETTINGS_MODULE": "shop.live"})
    assert (project.settings, project.source) == ("shop.live", "environment variable DJANGO_SETTINGS_MODULE")


def test_the_flag_wins_over_both(shop: Path) -> None:
    project = found(shop, "--settings", "shop.local", environ={"DJANGO_SETTINGS_MODULE": "shop.live"})
    assert (project.settings, project.source) == ("shop.local", "--settings")


def test_the_environment_wins_over_the_file(shop: Path) -> None:
    (shop / "hendrix.toml").write_text('settings = "shop.file"')
    assert found(shop).settings == "shop.file"
    assert found(shop, environ={"DJANGO_SETTINGS_MODULE": "shop.live"}).settings == "shop.live"


def test_a_blank_variable_says_nothing(shop: Path) -> None:
    assert found(shop, environ={"DJANGO_SETTINGS_MODULE": ""}).settings == "shop.settings"


def test_manage_py_may_be_elsewhere(shop: Path, tmp_path: Path) -> None:
    assert found(tmp_path, "--pythonpath", "shop").paths == (str(shop),)
    assert found(tmp_path, "--pythonpath", str(shop)).settings == "shop.settings"


def test_pythonpath_comes_first(shop: Path, tmp_path: Path) -> None:
    other, third = tmp_path / "lib", tmp_path / "third"
    other.mkdir()
    third.mkdir()
    assert found(shop, "--pythonpath", "../lib").paths == (str(other), str(shop))
    joined = os.pathsep.join((str(other), str(third)))
    assert found(shop, "--pythonpath", joined).paths == (str(other), str(third), str(shop))


def test_pythonpath_must_exist(shop: Path) -> None:
    with pytest.raises(UsageError) as caught:
        found(shop, "--pythonpath", "nowhere")
    expected = f"--pythonpath: '{shop}/nowhere' is no directory; give the one to import the project from"
    assert str(caught.value) == expected


def test_settings_need_no_manage_py(tmp_path: Path) -> None:
    assert found(tmp_path, "--settings", "a.b") == Project("a.b", "--settings", (str(tmp_path),))


def test_an_application_needs_neither(tmp_path: Path) -> None:
    assert found(tmp_path, "--wsgi", "app:api") == Project("", "default", (str(tmp_path),))


def test_an_application_keeps_its_own_settings(shop: Path) -> None:
    """A wsgi.py sets its settings itself, often others than manage.py's."""
    assert found(shop, "--wsgi", "shop.wsgi:application").settings == ""


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        found(tmp_path)
    expected = f"no manage.py in {tmp_path}; go to the project's directory, or give --settings, --wsgi, --asgi"
    assert str(caught.value) == expected


def test_a_manage_py_without_settings(shop: Path) -> None:
    (shop / "manage.py").write_text("print('hello')")
    with pytest.raises(UsageError, match=r"manage.py sets no DJANGO_SETTINGS_MODULE; give --settings$"):
        found(shop)


def test_a_manage_py_that_does_not_parse(shop: Path) -> None:
    (shop / "manage.py").write_text("import os\nos.environ[")
    with pytest.raises(ProjectError, match="line 2 does not parse"):
        found(shop)
    assert found(shop, "--settings", "a.b").settings == "a.b"


def test_what_was_found_becomes_options(shop: Path) -> None:
    flags = parse(["start", "--pythonpath", str(shop.parent)]).flags
    sourced = load(flags, {}, shop)
    config = overruled(sourced, find(sourced, {}, shop).level()).config
    assert config.settings == "shop.settings"
    assert config.pythonpath == f"{shop.parent}{os.pathsep}{shop}"
