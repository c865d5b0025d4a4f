"""Where a process finds the hub of its project. What Django's tests find: ``tests/process/test_websockets``."""

from __future__ import annotations

import os
import socket

import pytest

from hendrix.hub import place


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
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
        monkeypatch.delenv("HENDRIX_HUB", raising=False)
        monkeypatch.setattr(place, "_looked", -place._LOOK_EVERY)
        yield str(path)


def test_by_the_settings(server):
    assert place.here() == server


def test_of_other_settings(server, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "other.settings")
    assert place.here() == ""


def test_what_the_environment_says_comes_first(server, monkeypatch):
    monkeypatch.setenv("HENDRIX_HUB", "/elsewhere")
    assert place.here() == "/elsewhere"


def test_in_a_directory_that_others_write_to(server):
    os.chmod(os.path.dirname(server), 0o777)
    assert place.here() == ""
