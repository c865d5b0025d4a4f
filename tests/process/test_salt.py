"""``hx deploy salt`` by the real salt-call: installed, installed again, changed, broken."""

import json
import subprocess

import pytest

from tests.kit.machine import Unavailable, find, wheel
from tests.kit.whole import EVERYTHING

# It takes two minutes, half of them to install Salt; what it shares with Ansible's role is tested with that.
pytestmark = pytest.mark.skipif(not EVERYTHING, reason="HENDRIX_TEST_ALL=1, or make test-all, runs it")


@pytest.fixture(scope="module")
def salt_call():
    try:
        return find("find-salt") / "salt-call"
    except Unavailable as reason:
        pytest.skip(str(reason))


class Salt:
    """At this machine, without root's rights, without a master and without systemd."""

    def __init__(self, salt_call, machine, rendered):
        self.salt_call, self.machine, self.rendered = salt_call, machine, rendered
        pillar = rendered / "pillar/shop.sls"
        said = {
            "python": str(machine.python),
            "requirement": str(wheel()),
            "packages": [],
            "root": False,
            "systemd": False,
            "units": str(machine.units),
            "variables": str(machine.variables),
            "runtime": str(machine.runtime),
            "brought": str(machine.folder / "brought/shop"),
        }
        pillar.write_text(pillar.read_text() + "".join(f"  {name}: {json.dumps(v)}\n" for name, v in said.items()))
        (machine.folder / "minion").write_text(f"root_dir: {machine.folder}/salt\nid: shop1\n")

    def call(self, *words):
        """What the function gives, and all that was said."""
        options = ["--local", "--config-dir", self.machine.folder, "--out", "json", "--log-level", "error"]
        roots = ["--file-root", self.rendered / "states", "--pillar-root", self.rendered / "pillar"]
        environ = {**self.machine.environ(), "LC_ALL": "C.UTF-8"}
        command = [self.salt_call, *options, *roots, *words]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
        said = done.stdout + done.stderr
        assert done.stdout.startswith("{"), said
        return json.loads(done.stdout)["local"], said

    def run(self):
        """What changed, what failed, and all that was said."""
        packed = subprocess.run([self.rendered / "pack"], capture_output=True, text=True, timeout=60)
        assert packed.returncode == 0, packed.stderr
        states, said = self.call("state.apply", "shop")
        assert isinstance(states, dict), said
        changed = [each["__id__"] for each in states.values() if each["changes"]]
        return changed, [each["__id__"] for each in states.values() if each["result"] is False], said


@pytest.mark.long
def test_a_formula(project, machine, salt_call):
    project.add("settings.py", "import os\nSTATIC_ROOT = BASE_DIR / 'collected'\nSTATIC_URL = 'static/'\n")
    project.add("views.py", "def rows(request):\n    return HttpResponse(os.environ['GREETING'])\n")
    project.write("old.py", "")
    media = f"writable: [{machine.srv}/project/media]"
    greeting = 'environment: {GREETING: "a {{b}} $c \\"d\\""}'
    machine.configure("settings: site1.settings", "bind: 127.0.0.1:0", media, greeting)
    salt = Salt(salt_call, machine, machine.render("salt"))
    there = machine.srv / "project"

    # Before anything is done: the account is that of whoever runs the tests, and nothing may touch it.
    states, said = salt.call("state.show_sls", "shop")
    assert isinstance(states, dict) and "shop unpacked" in states, said
    assert [name for name, state in states.items() if {"user", "group", "pkg", "service"} & set(state)] == []

    changed, failed, said = salt.run()
    assert {"shop unpacked", "shop requirements", "shop database", "shop static files"} <= set(changed), said
    assert not failed, said
    assert (machine.variables / "shop.env").stat().st_mode & 0o777 == 0o600
    assert (there / "db.sqlite3").exists() and (there / "collected/admin").is_dir()
    assert (there / "media").is_dir()
    assert not (there / "shop.conf").exists() and not (there / "deploy").exists(), "no secrets, and nothing of ours"

    changed, failed, said = salt.run()
    assert (changed, failed) == ([], []), said

    server = machine.start()
    try:
        with server.client() as client:
            assert client.get("/hello").text == "hello"
            assert client.get("/rows").text == 'a {{b}} $c "d"'
        (project.package / "old.py").unlink()
        text = (project.package / "views.py").read_text()
        project.write("views.py", text.replace('"hello"', '"changed"'))
        changed, failed, said = salt.run()
        assert (changed, failed) == (["shop project.tar.gz", "shop unpacked", "shop reloaded"], []), said
        with server.client() as client:
            assert client.get("/hello").text == "changed"
        assert not (there / "site1/old.py").exists() and (there / "db.sqlite3").exists()

        project.write("views.py", "this is no Python")
        changed, failed, said = salt.run()
        assert failed == ["shop loads"] and "shop reloaded" not in changed, said
        with server.client() as client:
            assert client.get("/hello").text == "changed", "what runs is left alone"
    finally:
        server.stop()
