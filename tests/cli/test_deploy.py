"""``hx deploy``: files for other tools, written where nothing else is in their place."""

from __future__ import annotations

import json
import os
import pwd
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hendrix.cli.actions import ACTIONS
from hendrix.cli.deployment import kinds
from hendrix.cli.deployment.plan import read_plan
from hendrix.cli.main import main
from tests.kit.machine import wheel_names


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's directory, which is the current one."""
    (tmp_path / "manage.py").write_text("")
    (tmp_path / "requirements.txt").write_text("Django\n")
    (tmp_path / "shop.conf").write_text("settings: shop.settings\nhttp_port: 80\nenvironment: {PASSWORD: s3cret}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def failed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line."""
    assert main(["deploy", *words]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err.removeprefix("hx: ").strip()


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_written_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["deploy", "ansible", "shop.conf", "--output", "out"]
    assert main([*words, "--dry-run"]) == 0
    assert "would write out/playbook.yml" in capsys.readouterr().out and not (shop / "out").exists()
    assert main(words) == 0
    assert "wrote out/playbook.yml\n" in capsys.readouterr().out
    before = {path: os.stat(path).st_ino for path in (shop / "out").rglob("*")}
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["name"], {each["state"] for each in said["files"]}) == ("ansible", "shop", {"same"})
    assert {path: os.stat(path).st_ino for path in (shop / "out").rglob("*")} == before


def test_what_differs_is_not_overwritten(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["ansible", "shop.conf", "--output", "out"]
    assert main(["deploy", *words]) == 0
    (shop / "out/playbook.yml").write_text("mine")
    (shop / "out/inventory.ini").write_text("[shop]\nmine.example\n")
    capsys.readouterr()
    before = files_of(shop / "out")
    expected = "out/playbook.yml is there and differs; give --force to overwrite, or another --output"
    assert failed(capsys, *words) == expected == failed(capsys, *words, "--dry-run")
    assert files_of(shop / "out") == before
    assert main(["deploy", *words, "--force"]) == 0
    said = capsys.readouterr().out
    assert "wrote out/playbook.yml" in said and "is yours, and left: out/inventory.ini" in said
    assert (shop / "out/inventory.ini").read_text() == "[shop]\nmine.example\n"


def test_nothing_is_written_through_links(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "elsewhere").mkdir()
    (shop / "out").mkdir()
    (shop / "out/roles").symlink_to(shop / "elsewhere")
    assert "out/roles is no directory of ours" in failed(capsys, "ansible", "shop.conf", "--output", "out", "--force")
    assert list((shop / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sign"),
    [
        (["nothing"], "'nothing' is nothing that hx deploy does; give one of: ansible"),
        (["ansible", "shop.conf"], "needs a directory to write 18 files to; give --output deploy/ansible"),
        (["ansible"], "there is no hendrix.toml or hendrix.conf in this directory; name the file"),
        (["ansible", "no.conf"], "no.conf does not exist"),
        (["ansible", "shop.conf", "more"], "hx deploy ansible takes one file, and 'more' is another"),
        (["ansible", "sub/shop.conf"], "no manage.py beside sub/shop.conf"),
        (["ansible", "--output"], "--output needs a value; give --output DIR"),
        (["ansible", "--output", ""], "--output is empty; give --output DIR"),
        (["ansible", "shop.conf", "--output", "manage.py"], "manage.py is no directory; give another --output"),
    ],
)
def test_what_is_wrong(shop: Path, capsys: pytest.CaptureFixture[str], words: list[str], sign: str) -> None:
    (shop / "sub").mkdir()
    (shop / "sub/shop.conf").write_text("")
    assert sign in failed(capsys, *words)


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("project_path: srv", "shop.conf line 1, project_path: 'srv' is no absolute path"),
        ("virtualenv: /", "'/' is no absolute path"),
        ("user: Root!", "shop.conf line 1, user: 'Root!' is no name of a user"),
        ("prosesses: 2", "did you mean processes?"),
    ],
)
def test_wrong_configurations(shop: Path, capsys: pytest.CaptureFixture[str], line: str, sign: str) -> None:
    (shop / "shop.conf").write_text(line + "\n")
    assert sign in failed(capsys, "ansible", "shop.conf", "--output", "out")


def test_paths_and_users_are_those_of_the_other_machine(shop: Path) -> None:
    """Nothing of it has to be here."""
    service = read_plan("shop.conf").service
    assert (service.project_path, service.virtualenv) == ("/srv/shop/project", "/srv/shop/venv")
    assert (service.user, service.group) == ("shop", "shop")
    (shop / "hendrix.toml").write_text('domain = ["shop.example"]\n[service]\nname = "my.shop"\nuser = "web"\n')
    plan = read_plan("hendrix.toml", "deploy/ansible")
    assert (plan.service.user, plan.service.group, plan.slug) == ("web", "web", "my_shop")
    assert plan.way == "../.." and plan.hendrix.startswith("hendrix[acme]>=")
    assert "deploy/*" in plan.left and "hendrix.toml" not in plan.left and "shop.conf" not in plan.left
    assert "shop.conf" in read_plan("shop.conf").left


@pytest.mark.parametrize("kind", ACTIONS["deploy"].verbs)
def test_secrets_are_in_files_of_their_own(shop: Path, kind: str) -> None:
    """Which only their owner can read."""
    files = kinds.rendered(kind, read_plan("shop.conf", "out"))
    assert len({each.path for each in files}) == len(files)
    for each in files:
        if "s3cret" in each.content:
            assert each.yours and each.mode == 0o600, each.path
        if each.path.endswith((".yml", ".yaml")):
            yaml.load(each.content, _Loader)


@pytest.mark.parametrize(
    ("line", "extras"),
    [
        ("hub: redis://db", "[redis]"),
        ("cache_store: redis://db", "[redis]"),
        ("auto_https: true", "[acme]"),
        ("otel: true", "[otel]"),
        ("environment: {HX_CACHE_STORE: 'redis://db', HX_OTEL: 'off'}", "[redis]"),
        ("domain: shop.example\ntask_workers: 1", "[acme,tasks]"),
        ("otel: false", ""),
    ],
)
def test_what_the_options_need_is_installed(shop: Path, line: str, extras: str) -> None:
    """Or hx start would refuse to start there."""
    (shop / "shop.conf").write_text(line + "\n")
    assert read_plan("shop.conf").hendrix.partition(">=")[0] == f"hendrix{extras}"


@pytest.mark.parametrize("kind", ["ansible", "salt"])
def test_options_that_are_secrets_become_variables(shop: Path, kind: str) -> None:
    (shop / "shop.conf").write_text("cache_token: t0ken\n")
    told = [each for each in kinds.rendered(kind, read_plan("shop.conf", "out")) if "t0ken" in each.content]
    assert [(each.mode, each.yours) for each in told] == [(0o600, True)]
    assert "HX_CACHE_TOKEN: " in told[0].content


def test_ansible_puts_no_variable_into_a_command_line(shop: Path) -> None:
    """``environment`` of a task is part of what its shell is told, and sudo logs that."""
    files = {each.path: each.content for each in kinds.rendered("ansible", read_plan("shop.conf", "out"))}
    assert not [path for path, text in files.items() if "/tasks/" in path and "hendrix_environment" in text]
    environments = re.findall(r"^ *environment:(.*)$", files["roles/shop/tasks/main.yml"], re.M)
    assert set(environments) == {"", ' "{{ hendrix_django }}"'}


def test_a_command_becomes_the_users(shop: Path) -> None:
    """With the variables that are written, whatever is in them."""
    files = {each.path: each.content for each in kinds.rendered("ansible", read_plan("shop.conf", "out"))}
    Path("as_user.py").write_text(files["roles/shop/files/as_user.py"])
    Path("shop.env").write_text('# mark\nONE="a \\"b\\" \\$c \\\\ \\`d\\` é"\nTWO="first\nTHREE=second"\n')
    root = os.geteuid() == 0
    user = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    words = ["sh", "-c", 'id -u; id -G; printf "%s|%s" "$ONE" "$TWO"']
    command = [sys.executable, "as_user.py", user.pw_name, "shop.env", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    uid, groups, values = done.stdout.split("\n", 2)
    assert (uid, values) == (str(user.pw_uid), 'a "b" $c \\ `d` é|first\nTHREE=second')
    assert not root or "0" not in groups.split()


class _Loader(yaml.SafeLoader):
    """With Ansible's own tag."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def test_the_wheel_has_all_templates() -> None:
    here = Path(kinds.__file__).parent
    there = wheel_names()
    wanted = [path for path in (here / "templates").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert wanted
    assert [path.name for path in wanted if f"hendrix/cli/deployment/{path.relative_to(here)}" not in there] == []
