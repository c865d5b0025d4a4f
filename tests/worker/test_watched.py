"""What is watched of a project. Each in a process of its own: settings and modules are a process's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

BEFORE = """
import json, os, sys, time
sys.path.insert(0, os.getcwd())
from hendrix.worker import watched as room
"""
AFTER = """
began = time.perf_counter()
found = room.watched(os.getcwd(), error)
seconds = time.perf_counter() - began
print(json.dumps([found.files, found.roots, seconds]))
"""
LOAD = """
error = None
try:
    import django
    django.setup()
    from django.urls import get_resolver
    get_resolver().url_patterns
except BaseException as raised:
    error = raised
"""
SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "x"
ROOT_URLCONF = "site1.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "django.contrib.admin", "django.contrib.auth",
    "django.contrib.contenttypes", "shop"]
USE_I18N = True
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "DIRS": [BASE_DIR / "pages"]}]
STATIC_URL = "/static/"
"""


class Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in {
            "site1/__init__.py": "",
            "site1/settings.py": SETTINGS,
            "site1/urls.py": "from shop import views\nurlpatterns = []\n",
            "shop/__init__.py": "",
            "shop/views.py": "",
            "shop/unused.py": "",
            "shop/templates/shop/page.html": "",
            "shop/static/shop/app.css": "",
            "pages/base.html": "",
        }.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def add(self, name: str, text: str) -> None:
        self.write(name, (self.folder / name).read_text() + text)

    def watched(self, load: str = LOAD, **environ: str) -> tuple[set[str], list[str], float]:
        """``files`` relative to the project where they are in it, ``roots``, and what it took in seconds."""
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "site1.settings", **environ}
        command = [sys.executable, "-c", BEFORE + load + AFTER]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        files, roots, seconds = json.loads(done.stdout)
        return {name.removeprefix(f"{self.folder}/") for name in files}, roots, seconds


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path.resolve())


def test_a_project(site):
    site.write(".env", "A=1")
    site.write(".env.local", "A=1")
    site.write(".env~", "A=1")
    files, roots, _ = site.watched()
    assert {"site1/settings.py", "site1/urls.py", "shop/__init__.py", "shop/views.py"} <= files
    assert {"shop/templates/**/*", "pages/**/*", "locale/**/*.mo", "shop/locale/**/*.mo"} <= files
    assert {".env", ".env.local", "hendrix.toml"} <= files
    assert ".env~" not in files and "shop/unused.py" not in files
    assert roots == [str(site.folder)]
    assert not any("static/shop" in name for name in files), "they need no reload"


def test_installed_packages_count_and_the_standard_library_does_not(site):
    files, _, _ = site.watched()
    assert any(name.endswith("/site-packages/django/__init__.py") for name in files)
    assert os.__file__ not in files
    assert not any("django/contrib/admin/templates" in name for name in files)


def test_too_many_installed_files_are_left_out_but_not_what_is_developed(site, tmp_path):
    editable = site.write("../elsewhere/src/thing.py", "")
    load = "room.MOST_INSTALLED = 100\nimport thing\n" + LOAD
    files, _, _ = site.watched(load, PYTHONPATH=str(editable.parent.resolve()))
    assert not any("site-packages" in name for name in files)
    assert str(editable.resolve()) in files and "shop/views.py" in files


def test_it_takes_little_time(site):
    assert min(site.watched()[2] for _ in range(3)) < 0.1


def test_base_dir_elsewhere(site):
    (site.folder / "src").mkdir()
    for name in ("site1", "shop"):
        (site.folder / name).rename(site.folder / "src" / name)
    site.add("src/site1/settings.py", "\nBASE_DIR = str(BASE_DIR.parent)\n")
    project = Site.__new__(Site)
    project.folder = site.folder / "src"
    files, roots, _ = project.watched()
    assert roots == [str(project.folder), str(site.folder)]
    assert {".env", str(site.folder / ".env")} <= files


@pytest.mark.parametrize("base", ["'/'", "None", "42", "object()", "''", "Path.home()"])
def test_a_base_dir_that_is_no_project(site, base):
    site.add("site1/settings.py", f"\nBASE_DIR = {base}\n")
    assert site.watched()[1] == [str(site.folder)]


def test_templates_beside_other_things(site):
    """Not every upload, log and database is a template."""
    site.add("site1/settings.py", "\nTEMPLATES[0]['DIRS'] = [BASE_DIR]\n")
    files, _, _ = site.watched()
    assert "**/*" not in files and "**/*.html" in files and "shop/templates/**/*" in files


def test_uploads_below_templates(site):
    site.add("site1/settings.py", "\nMEDIA_ROOT = BASE_DIR / 'pages' / 'uploads'\n")
    files, _, _ = site.watched()
    assert "pages/**/*" not in files and "pages/**/*.html" in files


def test_what_others_ask_django_to_watch(site):
    site.add(
        "shop/views.py",
        "from django.utils.autoreload import autoreload_started\n"
        "def ask(sender, **facts):\n"
        "    sender.watch_dir('/data/rules', '*.yaml')\n    sender.extra_files.add('/data/x')\n"
        "def fail(sender, **facts):\n    raise ValueError\n"
        "autoreload_started.connect(fail)\nautoreload_started.connect(ask)\n",
    )
    files, _, _ = site.watched()
    assert {"/data/rules/**/*.yaml", "/data/x", "pages/**/*"} <= files


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("shop/views.py", "def broken(:\n"),
        ("shop/views.py", "1 / 0\n"),
        ("site1/settings.py", "def broken(:\n"),
        ("site1/settings.py", "raise SystemExit(1)\n"),
        (
            "shop/views.py",
            "import shop.unused\ntry:\n    1 / 0\nexcept Exception as e:\n    raise ValueError from e\n",
        ),
    ],
)
def test_a_project_that_does_not_import(site, file, text):
    site.add(file, text)
    files, roots, _ = site.watched()
    assert {file, "hendrix.toml", ".env"} <= files
    assert roots == [str(site.folder)]


def test_what_broke_outside_of_the_project(site):
    away = site.write("../away/thing.py", "def broken(:\n").resolve()
    site.add("shop/views.py", "import thing\n")
    files, _, _ = site.watched(PYTHONPATH=str(away.parent))
    assert str(away) in files


def test_before_anything_is_imported(site):
    files, roots, _ = site.watched("error = None\n")
    assert roots == [str(site.folder)]
    assert ".env" in files


def test_a_project_without_django(site):
    site.write("app.py", "")
    files, roots, _ = site.watched("import app\nerror = None\n")
    assert "app.py" in files and roots == [str(site.folder)]
