"""Where a process finds the hub of its project. What Django's tests find: ``tests/process/test_websockets``."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import types

import pytest

from hendrix.core.server_name import server_name
from hendrix.hub import place
from hendrix.hub.message import HubError
from tests.kit.live import until


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The socket of a server of ``shop.settings``, in this user's runtime directory."""
    folder = tmp_path / "hendrix"
    folder.mkdir(mode=0o700)
    path = folder / "17_shop_settings.hub"
    # By a short name: the address of a socket has 108 bytes.
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path.name)
        sock.listen()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
        monkeypatch.delenv("HENDRIX_HUB", raising=False)
        monkeypatch.setattr(place, "_looked", -place._LOOK_EVERY)
        monkeypatch.setattr(place, "_found", "")
        yield str(path)


def test_by_the_settings(server):
    assert place.here() == server


def test_of_other_settings(server, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "other.settings")
    assert place.here() == ""


def test_of_settings_that_end_like_them(server, monkeypatch):
    """As they did once: a project whose settings are at the top."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "settings")
    assert place.here() == ""


def test_of_settings_with_a_long_name(server, monkeypatch):
    """What the files of a server are called has an end."""
    settings = "shop.configuration.settings.environments.of_the_machines_for_production"
    name = f"17_{settings.replace('.', '_')}"[:64]
    assert name == server_name([":17"], settings)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", settings)
    os.rename(server, os.path.join(os.path.dirname(server), f"{name}.hub"))
    assert os.path.basename(place.here()) == f"{name}.hub"


def test_a_server_that_was_killed_is_none(server):
    """Its socket is there yet, and nobody listens. Who knew it waits for its successor for a while."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind("18_shop_settings.hub")
    assert place.here() == server
    os.rename("18_shop_settings.hub", server)
    place._looked = -place._LOOK_EVERY
    assert place.here() == server
    place._looked, place._there = -place._LOOK_EVERY, time.monotonic() - place._BACK_WITHIN
    assert place.here() == ""


def test_a_server_that_was_stopped_is_none(server):
    assert place.here() == server
    os.unlink(server)
    place._looked = -place._LOOK_EVERY
    assert place.here() == ""


def test_of_several_the_one_that_was_started_here(server, tmp_path, monkeypatch):
    """Projects that call their settings the same; and two servers of one project."""
    serve = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); input()"
    folder = os.path.dirname(server)
    with contextlib.ExitStack() as stack:

        def start(home, name):
            home.mkdir(exist_ok=True)
            words = [sys.executable, "-c", serve, os.path.relpath(os.path.join(folder, name), home)]
            process = stack.enter_context(subprocess.Popen(words, cwd=home, stdin=subprocess.PIPE))
            stack.callback(process.kill)
            until(lambda: place._listener(name) == process.pid)

        start(tmp_path / "ours", "18_shop_settings.hub")
        start(tmp_path / "theirs", "19_shop_settings.hub")
        module = types.SimpleNamespace(__file__=str(tmp_path / "ours" / "shop" / "settings.py"))
        monkeypatch.setitem(sys.modules, "shop.settings", module)
        assert os.path.basename(place.here()) == "18_shop_settings.hub"
        start(tmp_path / "ours", "20_shop_settings.hub")
        place._looked = -place._LOOK_EVERY
        with pytest.raises(HubError, match=r"several servers run shop.settings: .*18_.*20_"):
            place.here()


def test_what_the_environment_says_comes_first(server, monkeypatch):
    monkeypatch.setenv("HENDRIX_HUB", "/elsewhere")
    assert place.here() == "/elsewhere"


def test_in_a_directory_that_others_write_to(server):
    os.chmod(os.path.dirname(server), 0o777)
    assert place.here() == ""
