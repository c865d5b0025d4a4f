"""``manage.py hx``: the same server as with ``hx``, and not in the process that Django has loaded the project into."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.live import Server
from tests.process.hx import actions

SETTINGS = """
INSTALLED_APPS += ["hendrix"]
ALLOWED_HOSTS = ["*"]
"""


@pytest.fixture
def hx(project):
    project.add("settings.py", SETTINGS)
    with actions(project) as found:
        yield found


@pytest.fixture
def serve(project, hx):
    """Start ``manage.py hx start`` in a directory."""
    servers = []

    def start(*words, cwd=None, **extra):
        manage = str(project.folder / "manage.py")
        command = [sys.executable, manage, "hx", "start", "--bind", "127.0.0.1:0", *words]
        servers.append(Server(command, cwd or project.folder, project.environ(**hx.extra, **extra)))
        servers[-1].await_listening()
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def view(server, path="/hello"):
    with server.client() as client:
        return client.get(path).body


def test_it_serves(hx, serve):
    server = serve()
    assert view(server) == b"hello"
    assert (hx.runtime / f"{server.port}_site1_settings.pid").read_text().startswith(f"{server.pid}\n")
    loaded = Path(f"/proc/{server.pid}/maps").read_text()
    assert "_sqlite3" not in loaded, "the supervisor is free of the project"


def test_reload_takes_new_code(project, hx, serve):
    server = serve()
    text = (project.package / "views.py").read_text()
    project.write("views.py", text.replace('HttpResponse("hello")', 'HttpResponse("new code")'))
    assert hx("hx", "reload", "--http-port", str(server.port), through=("manage.py",)).returncode == 0
    assert view(server) == b"new code"
    restarted = hx("restart", "--http-port", str(server.port))
    assert restarted.returncode == 0, restarted.stderr
    assert view(server) == b"new code"


def test_from_another_directory(hx, serve, tmp_path_factory):
    server = serve("--pythonpath", str(tmp_path_factory.mktemp("more")), cwd=tmp_path_factory.mktemp("elsewhere"))
    assert view(server) == b"hello"


def test_with_other_settings(project, hx, serve):
    (project.package / "other.py").write_text("from site1.settings import *\n")
    server = serve("--settings", "site1.other")
    assert "settings site1.other" in server.log()
    facts = json.loads(hx("hx", "status", "--json", "--settings", "site1.other", through=("manage.py",)).stdout)
    assert (facts["pid"], facts["settings"]) == (server.pid, "site1.other")


def test_stop(hx, serve):
    server = serve()
    server._leaving = True
    done = hx("hx", "stop", "--http-port", str(server.port), through=("manage.py",))
    assert done.returncode == 0
    assert done.stdout.startswith("stopped ")


def test_daemon(hx):
    done = hx("hx", "start", "-d", "--bind", "127.0.0.1:0", "--pid", "my.pid", through=("manage.py",))
    assert done.returncode == 0, done.stderr
    assert hx("hx", "stop", "--pid", "my.pid", through=("manage.py",)).returncode == 0


def test_check_and_help(hx):
    checked = hx("hx", "check", through=("manage.py",))
    assert checked.returncode == 0
    assert "environment variable DJANGO_SETTINGS_MODULE" in checked.stdout
    assert hx("hx", "--help", through=("manage.py",)).stdout.startswith("usage: hx ACTION")
    assert hx("hx", "stop", "-h", through=("manage.py",)).stdout.startswith("usage: hx stop")
    assert "hx start" in hx("help", "hx", through=("manage.py",)).stdout


def test_a_mistake_is_one_line(hx):
    done = hx("hx", "start", "--thraeds", "4", through=("manage.py",))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "hx: unknown option --thraeds; did you mean --threads?\n"


def test_through_django_admin(project, hx):
    words = ("hx", "check", "--settings", "site1.settings", "--pythonpath", str(project.folder))
    done = hx(*words, through=("-m", "django"))
    assert done.returncode == 0, done.stderr


def test_it_cannot_be_called_from_within(hx):
    done = hx(
        "shell", "-c", "from django.core.management import call_command as c; c('hx', 'start')", through=("manage.py",)
    )
    assert done.returncode != 0
    assert "takes the place of the process that calls it" in done.stderr


def test_no_server_starts_in_a_project_that_does_not_load(project, hx):
    project.add("settings.py", "import nowhere_to_be_found")
    done = subprocess.run(
        [sys.executable, "manage.py", "hx", "start"],
        cwd=project.folder,
        env=project.environ(**hx.extra),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0 and "nowhere_to_be_found" in done.stderr
