"""``hx deploy ansible`` by the real ansible-playbook: installed, installed again, changed, broken."""

import re
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Fakes
from tests.kit.machine import Unavailable, find, wheel
from tests.kit.whole import EVERYTHING

RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) +unreachable=0 +failed=(\d+)", re.M)


@pytest.fixture(scope="module")
def playbook():
    try:
        return find("find-ansible") / "ansible-playbook"
    except Unavailable as reason:
        pytest.skip(str(reason))


class Ansible:
    """At this machine, without root's rights and without systemd."""

    def __init__(self, playbook, machine, rendered):
        self.playbook, self.machine, self.rendered = playbook, machine, rendered
        (rendered / "inventory.ini").write_text("[shop]\nlocalhost ansible_connection=local\n")
        variables = {
            "ansible_python_interpreter": playbook.with_name("python3"),
            "hendrix_python": machine.python,
            "hendrix_requirement": wheel(),
            "hendrix_packages": [],
            "hendrix_become": "false",
            "hendrix_systemd": "false",
            "hendrix_units": machine.units,
            "hendrix_variables": machine.variables,
            "hendrix_runtime": machine.runtime,
            "hendrix_brought": machine.folder / "brought/shop",
        }
        said = "".join(f"{name}: {value}\n" for name, value in variables.items())
        (machine.folder / "variables.yml").write_text(said)

    def run(self):
        """How many tasks changed something, how many failed, and all that was said."""
        command = [self.playbook, "playbook.yml", "-e", f"@{self.machine.folder}/variables.yml"]
        environ = {**self.machine.environ(), "ANSIBLE_HOME": str(self.machine.folder / "ansible"), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, cwd=self.rendered, env=environ, capture_output=True, text=True, timeout=300)
        recap = RECAP.search(done.stdout)
        assert recap, done.stdout + done.stderr
        return int(recap[1]), int(recap[2]), done.stdout + done.stderr


@contextmanager
def another_server(machine):
    servers = Fakes(machine.runtime)
    servers.start("8000_other_settings")
    try:
        yield
    finally:
        servers.end()
        shutil.rmtree(servers.folder)


@pytest.mark.long
def test_a_playbook(project, machine, playbook):
    project.add("settings.py", "import os\nSTATIC_ROOT = BASE_DIR / 'collected'\nSTATIC_URL = 'static/'\n")
    project.add("views.py", "def rows(request):\n    return HttpResponse(os.environ['GREETING'])\n")
    project.write("old.py", "")
    media = f"writable: [{machine.srv}/project/media]"
    greeting = 'environment: {GREETING: "a {{b}} $c \\"d\\""}'
    machine.configure("settings: site1.settings", "bind: 127.0.0.1:0", media, greeting)
    ansible = Ansible(playbook, machine, machine.render("ansible"))
    there = machine.srv / "project"

    with another_server(machine):  # which is not to be taken for ours
        changed, failed, said = ansible.run()
    assert changed > 5 and not failed, said
    assert (machine.variables / "shop.env").stat().st_mode & 0o777 == 0o600
    assert (
        (there / "db.sqlite3").exists() and (there / "collected/admin").is_dir() and (there / "site1/old.py").exists()
    )
    assert (there / "media").is_dir()
    assert not (there / "shop.conf").exists() and not (there / "deploy").exists(), "no secrets, and nothing of ours"

    changed, failed, said = ansible.run()
    assert (changed, failed) == (0, 0), said

    server = machine.start()
    try:
        with server.client() as client:
            assert client.get("/hello").text == "hello"
            assert client.get("/rows").text == 'a {{b}} $c "d"'
        if EVERYTHING:  # each task takes its time; test_salt.py has the same steps by default
            changes(project, ansible, there, server)
    finally:
        server.stop()


def changes(project, ansible, there, server):
    """New code is put into effect; code that does not load is not."""
    (project.package / "old.py").unlink()
    text = (project.package / "views.py").read_text()
    project.write("views.py", text.replace('"hello"', '"changed"'))
    changed, failed, said = ansible.run()
    assert (changed, failed) == (3, 0), said  # brought, unpacked, reloaded
    with server.client() as client:
        assert client.get("/hello").text == "changed"
    assert not (there / "site1/old.py").exists() and (there / "db.sqlite3").exists()

    project.write("views.py", "this is no Python")
    changed, failed, said = ansible.run()
    assert failed == 1 and "Check that it loads" in said, said
    with server.client() as client:
        assert client.get("/hello").text == "changed", "what runs is left alone"
