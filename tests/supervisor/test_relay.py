"""Where the relay's socket is, and whose."""

from __future__ import annotations

import os
import pwd
import selectors
import stat
import subprocess
import tempfile

import pytest

from hendrix.core import events
from hendrix.core.config import Config
from hendrix.supervisor.relay import Relay


@pytest.fixture
def relay():
    with selectors.DefaultSelector() as selector:
        made = Relay(selector, lambda *things: None, lambda: None)
        yield made
        made.give_back()


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="hx-") as made:
        yield made


def test_it_is_our_own_and_goes_with_the_server(relay, folder):
    path = f"{folder}/8000_site.hub"
    relay.take(path, Config())
    assert relay.path == path
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    relay.give_back()
    assert not os.path.exists(path)


def test_without_anything_to_run_there_is_none(folder):
    with selectors.DefaultSelector() as selector:
        none = Relay(selector, None, lambda: None)
        none.take(f"{folder}/8000_site.hub", Config())
        assert (none.path, none.row(), none.deadline()) == ("", None, None)
        none.tick()
        none.give_back()
    assert os.listdir(folder) == []


@pytest.mark.parametrize("renewed", [True, False])
def test_one_that_is_renewed_has_not_died(relay, folder, renewed):
    relay.take(f"{folder}/8000_site.hub", Config())
    with subprocess.Popen(["sleep", "60"]) as process:
        relay.pid = process.pid
        relay.renew() if renewed else process.kill()
        process.returncode = -9
        _, status = os.waitpid(process.pid, 0)
    told = []

    def listener(name, level, facts):
        told.append(name)

    events.listen(listener)
    try:
        assert relay.reaped(process.pid, status)
    finally:
        events.forget(listener)
    assert told == ["hub.renewed" if renewed else "hub.died"]
    assert relay.facts["restarts"] == (0 if renewed else 1)
    assert relay.deadline() is None, "whoever knocks next is let in at once"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_the_workers_user_can_reach_it(relay, folder, mode):
    os.chmod(folder, mode)
    os.mkdir(f"{folder}/hendrix", 0o700)
    relay.take(f"{folder}/hendrix/1_test_{os.getpid()}.hub", Config(user="nobody"))
    found = os.stat(relay.path)
    assert found.st_uid == pwd.getpwnam("nobody").pw_uid
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert relay.path.startswith(folder) == (mode == 0o755)
    above = os.path.dirname(relay.path)
    while above != "/":
        assert os.stat(above).st_mode & stat.S_IXOTH
        above = os.path.dirname(above)
