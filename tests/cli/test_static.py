"""``hx static compress`` on a project: what it makes, what it says, and what it does not understand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SETTINGS = """
import pathlib
SECRET_KEY = "x"
STATIC_URL = "static/"
STATIC_ROOT = pathlib.Path(__file__).parent / "collected"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mysettings.py").write_text(SETTINGS)
    (tmp_path / "collected").mkdir()
    (tmp_path / "collected" / "a.css").write_text("a { color: red }\n" * 100)
    return tmp_path


def hx(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hendrix", *words]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HX_", "DJANGO_"))}
    return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, timeout=60)


def test_it_makes_siblings_and_says_so_in_one_line(project) -> None:
    done = hx(project, "static", "compress", "--settings", "mysettings", "--pythonpath", ".")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 compressed siblings made" in done.stdout and len(done.stdout.splitlines()) == 1
    assert {path.name for path in (project / "collected").glob("a.*")} == {
        "a.css",
        "a.css.br",
        "a.css.gz",
        "a.css.zst",
    }
    again = hx(project, "static", "compress", "--settings", "mysettings", "--pythonpath", ".", "--json")
    told = json.loads(again.stdout)
    assert (told["made"], told["current"], told["failed"]) == (0, 3, {})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("static",), "hx static needs a word more; give one of: compress"),
        (("static", "decompress"), "'decompress' is nothing that hx static does; give one of: compress"),
        (("static", "compress", "now"), "'now' is one word too many"),
        (("static", "compress", "--workers", "2"), "hx static does not take --workers"),
        (("check", "compress"), "'compress' is one word too many"),
        (("static", "compress"), "no manage.py"),
    ],
)
def test_words_that_mean_nothing(project, words, said) -> None:
    done = hx(project, *words)
    assert done.returncode == 1 and said in done.stderr and done.stdout == ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('SECRET_KEY = "x"', "STATIC_ROOT is not set"),
        (SETTINGS.replace("collected", "nowhere"), "is not there; run manage.py collectstatic first"),
    ],
)
def test_settings_without_a_root(project, settings, said) -> None:
    (project / "mysettings.py").write_text(settings)
    done = hx(project, "static", "compress", "--settings", "mysettings", "--pythonpath", ".")
    assert done.returncode == 1 and said in done.stderr


def test_settings_that_do_not_import(project) -> None:
    (project / "mysettings.py").write_text("1 / 0")
    assert hx(project, "static", "compress", "--settings", "mysettings", "--pythonpath", ".").returncode == 3
