"""``hendrix.conf`` and ``hendrix.toml``: what is wrong is said with its line, before anything is touched."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from hendrix.cli import sources
from hendrix.cli.units import manager
from hendrix.cli.units.conf import read_conf
from hendrix.core.errors import UsageError
from tests.cli.units.conftest import Make


def test_the_old_file(make: Make, tmp_path: Path) -> None:
    """The keys of the old README, where ``processes`` are the workers."""
    service = make("settings: shop.settings", "processes: 3", "http_port: 8100")
    assert service.name == "shop"
    assert service.words() == [
        f"{tmp_path}/venv/bin/hx",
        "start",
        "--settings=shop.settings",
        "--workers=3",
        "--http-port=8100",
    ]
    assert (service.user, service.http_port, service.low_ports) == (getpass.getuser(), 8100, [])


def test_every_option_has_its_key(make: Make) -> None:
    service = make(
        "bind: ['127.0.0.1:80', 'unix:/run/s.sock']", "preload: false", "client_max_body_size: 20MB", "timeout: 5"
    )
    assert service.words()[2:] == [
        "--bind=127.0.0.1:80",
        "--bind=unix:/run/s.sock",
        "--no-preload",
        "--client-max-body-size=20MB",
        "--timeout=5s",
    ]
    assert service.low_ports == [], "a service that binds opens its sockets itself"


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("virtulenv: /x", "shop.conf line 4: virtulenv is no key; did you mean virtualenv?"),
        ("processes: many", "shop.conf line 4, processes: 'many'"),
        ("http_port: 99999", "shop.conf line 4, http_port: 99999"),
        ("http_port: 1\nhttp_port: 2", "shop.conf line 5: http_port is given twice"),
        ("workers: 1\nprocesses: 2", "shop.conf line 5: processes is given twice"),
        ("daemonize: true", "daemonize: not for a service: the service manager does that"),
        ("pid: /run/x", "not for a service"),
        ("a: [1", "shop.conf line 5: "),
        ("environment: 3", "has no names and values"),
        ("environment: {'A B': 1}", "'A B' is no name of a variable"),
        ('environment: {A: "1\\n2"}', "the value of A holds a line break"),
        ("settings:", "shop.conf line 4, settings: None is no value of an option"),
        ("environment: {A: [1, 2]}", "environment: the value of A is no text; put it into quotes"),
        ("writable: var", "'var' is no absolute path"),
        ("writable: '/no body'", " '/no body'"),
        ("writable: /nobody/has/this", "writable: /nobody/has/this is no directory; make it: install -d -o "),
        ("memory: lots", "memory: 'lots'"),
        ("group: nobody-has-this", "there is no group 'nobody-has-this'; make it with groupadd"),
        ("name: ../etc", "is no name of a service"),
        ("name: 2026-99-99", "name: month must be in 1..12; put it into quotes"),
        ("? [a]\n: b", "line 4: a key is one word"),
    ],
)
def test_what_is_wrong(make: Make, line: str, sign: str) -> None:
    with pytest.raises(UsageError) as error:
        make(line)
    assert sign in str(error.value) and "\n" not in str(error.value)


def test_a_link_that_leads_to_itself(tmp_path: Path) -> None:
    (tmp_path / "shop.conf").symlink_to("shop.conf")
    with pytest.raises(UsageError, match=r"shop\.conf"):
        read_conf(str(tmp_path / "shop.conf"))


@pytest.mark.parametrize("missing", ["virtualenv", "project_path"])
def test_what_must_be_there(make: Make, tmp_path: Path, missing: str) -> None:
    make()
    lines = [line for line in (tmp_path / "shop.conf").read_text().splitlines() if not line.startswith(missing)]
    (tmp_path / "shop.conf").write_text("\n".join(lines))
    with pytest.raises(UsageError, match=f"shop.conf: {missing} is missing"):
        read_conf(str(tmp_path / "shop.conf"))
    (tmp_path / "shop.conf").write_text("")
    with pytest.raises(UsageError, match="is missing"):
        read_conf(str(tmp_path / "shop.conf"))


def test_variables_are_as_they_are_written(make: Make) -> None:
    """YAML would make 8 of 010, False of off, and the word None of nothing: a SECRET_KEY that all the world knows."""
    lines = ("A:", "B: off", "C: 010", "D: 1.10", "E: ~", "F: 2026-11-28", "G: 'quoted'", "H: &x Yes", "I: *x")
    service = make("environment:", *(f"  {line}" for line in lines))
    written = {"A": "", "B": "off", "C": "010", "D": "1.10", "E": "~", "F": "2026-11-28", "G": "quoted"}
    assert service.environment == {**written, "H": "Yes", "I": "Yes"}
    assert make("environment: {A: , B: null}").environment == {"A": "", "B": "null"}
    assert make("environment:").environment == {}


def test_secrets_are_not_on_the_command_line(make: Make) -> None:
    """Whoever is on the machine reads those, and the unit; hx start refuses them there."""
    service = make("cache_token: t0ken", "hub: redis://:pw@db:6379/0", "cache_store: redis://db:6379/1")
    assert service.words()[2:] == ["--cache-store=redis://db:6379/1"]
    placed = {each.mode: each for each in manager.files(service, init=False)}
    assert 'HX_CACHE_TOKEN="t0ken"\nHX_HUB="redis://:pw@db:6379/0"\n' in placed[0o600].content
    assert f"EnvironmentFile={placed[0o600].path}\n" in placed[0o644].content
    assert "t0ken" not in placed[0o644].content and ":pw@" not in placed[0o644].content
    (script,) = (each for each in manager.files(service, init=True) if each.mode == 0o755)
    assert "t0ken" not in script.content and ". /etc/hendrix/shop.env\n" in script.content


def test_the_directories_of_root_are_not_those_of_a_service(make: Make) -> None:
    """The usual file is called hendrix.conf, and servers that root starts have /run/hendrix, /var/lib/hendrix, ..."""
    service = make(name="hendrix.conf")
    (unit,) = manager.files(service, init=False)
    assert unit.path == "/etc/systemd/system/hendrix.service"
    for line in ("RuntimeDirectory=hendrix-service", "StateDirectory=hendrix-service"):
        assert f"{line}\n" in unit.content
    (script,) = manager.files(service, init=True)
    assert " /run/hendrix-service /var/log/hendrix-service\n" in script.content
    assert make().folder == "shop"


def test_users(make: Make) -> None:
    with pytest.raises(UsageError, match="there is no user 'nobody-has-this'; make it with: useradd"):
        make(user="nobody-has-this")
    if getpass.getuser() == "root":
        with pytest.raises(UsageError, match="should not run as root; give user: NAME"):
            make(user="")


def test_a_virtualenv_without_hendrix(make: Make, tmp_path: Path) -> None:
    make()
    (tmp_path / "venv/bin/hx").unlink()
    with pytest.raises(UsageError, match="bin/hx is not there; pip install hendrix into it"):
        read_conf(str(tmp_path / "shop.conf"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.conf does not exist"):
        read_conf(str(tmp_path / "no.conf"))


def test_other_options_in_a_toml_are_another_unit(make: Make, tmp_path: Path) -> None:
    """Or to install it again would leave the old ones in effect."""
    make()

    def unit(text: str) -> str:
        table = f'[service]\nvirtualenv = "{tmp_path}/venv"\nuser = "{getpass.getuser()}"\nname = "shop"\n'
        (tmp_path / "hendrix.toml").write_text(text + table)
        (placed,) = manager.files(read_conf(str(tmp_path / "hendrix.toml")), init=False)
        return placed.content

    before = unit("workers = 3\n")
    assert unit("# a remark\nworkers = 3\n") == before != unit("workers = 4\n")
    assert unit('workers = 3\ncache_token = "one"\n') == before, "nobody is to guess it by that"


def test_paths_are_those_beside_the_file(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever one is when it is installed."""
    expected = make()
    (tmp_path / "shop.conf").write_text(f"virtualenv: venv\nproject_path: project\nuser: {getpass.getuser()}\n")
    monkeypatch.chdir("/")
    found = read_conf(str(tmp_path / "shop.conf"))
    assert (found.virtualenv, found.project_path) == (expected.virtualenv, expected.project_path)


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read: is a directory$"):
        read_conf(str(tmp_path))
    (tmp_path / "a.conf").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"a\.conf is not text in UTF-8; give a hendrix\.conf"):
        read_conf(str(tmp_path / "a.conf"))


def test_toml_is_read_by_hx_itself(make: Make, tmp_path: Path) -> None:
    """Its options are not repeated as flags: a reload reads them anew."""
    make()
    shop = tmp_path / "shop"
    shop.mkdir()
    text = f'workers = 3\nhttp_port = 80\n[service]\nvirtualenv = "{tmp_path}/venv"\nuser = "{getpass.getuser()}"\n'
    (shop / "hendrix.toml").write_text(text)
    service = read_conf(str(shop / "hendrix.toml"))
    assert (service.name, service.project_path, service.words()[2:]) == ("shop", str(shop), [])
    assert service.low_ports == [80]
    assert sources.file(shop)["workers"].value == 3, "hx start reads the same file and leaves the table alone"
    (shop / "hendrix.toml").write_text(text + "environment = {A = 3.10, B = true, C = 8, D = 2026-11-28}\n")
    told = {"A": "3.10", "B": "true", "C": "8", "D": "2026-11-28"}
    assert read_conf(str(shop / "hendrix.toml")).environment == told, "as they are written"
    (shop / "hendrix.toml").write_text(text + "nme = 1\n")
    with pytest.raises(UsageError, match=r"hendrix\.toml \[service\] nme is no key; did you mean name\?"):
        read_conf(str(shop / "hendrix.toml"))
    (shop / "other.toml").write_text(text)
    with pytest.raises(UsageError, match=r"call it hendrix\.toml"):
        read_conf(str(shop / "other.toml"))
