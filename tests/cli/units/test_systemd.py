"""Units, judged by systemd itself."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hendrix.cli.units import manager, systemd
from hendrix.cli.units.service import Service
from tests.cli.units.conftest import Make

SCRIPT = Path(__file__).parents[3] / "scripts/find-systemd-analyze"


@pytest.fixture(scope="session")
def analyze() -> str:
    found = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    return found.stdout.strip()


def written(service: Service, folder: Path, version: int) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{service.name}.service").write_text(systemd.unit(service, ("mark",), version))
    if service.low_ports:
        (folder / f"{service.name}.socket").write_text(systemd.socket_unit(service, ("mark",)))
    return folder / f"{service.name}.service"


def test_systemd_finds_nothing_wrong(make: Make, tmp_path: Path, analyze: str) -> None:
    service = make("http_port: 80", "memory: 2GB", 'environment: {A: "b"}', "writable: [/srv]")
    unit = written(service, tmp_path / "units", systemd.version())
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == ""


def test_systemd_finds_odd_paths(make: Make, tmp_path: Path, analyze: str) -> None:
    """It looks for the program, which has no quotes or backslashes in its name (it takes none)."""
    odd = tmp_path / "my $shop é 100%"
    (odd / "bin").mkdir(parents=True)
    (odd / "bin/hx").symlink_to("/bin/true")
    service = replace(make(), virtualenv=str(odd), project_path=str(odd), writable=(f"{odd}/more",))
    unit = written(service, tmp_path / "units", systemd.version())
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == ""


def test_it_is_exposed_to_little(make: Make, tmp_path: Path, analyze: str) -> None:
    service = make("http_port: 80", user="nobody")
    unit = written(service, tmp_path / "units", systemd.version())
    words = [analyze, "security", "--offline=yes", unit]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level for .*: ([\d.]+)", done.stdout)
    assert level is not None and float(level[1]) < 2.5, done.stdout[-300:]


def test_words_and_what_systemd_reads_in_them(make: Make) -> None:
    service = make("server_header: 'a \"b\" %h $c'")
    text = systemd.unit(service, (), 252)
    assert '"--server-header=a \\"b\\" %%h $$c"' in text


@pytest.mark.parametrize(("version", "kind"), [(252, "notify"), (253, "notify-reload")])
def test_how_it_is_reloaded(make: Make, version: int, kind: str) -> None:
    text = systemd.unit(make(), (), version)
    assert f"Type={kind}\n" in text
    assert ("ExecReload=" in text) is (version < 253)


def test_low_ports_are_opened_by_systemd(make: Make) -> None:
    low, high = make("http_port: 80"), make("http_port: 8000")
    assert "ListenStream=80\n" in systemd.socket_unit(low, ())
    assert "Requires=shop.socket\n" in systemd.unit(low, (), 252)
    assert "shop.socket" not in systemd.unit(high, (), 252)
    assert "AmbientCapabilities=\n" in systemd.unit(low, (), 252)


@pytest.mark.parametrize(
    "lines",
    [
        ["bind: '0.0.0.0:80'"],
        ["bind: ['unix:/run/shop/s', '0.0.0.0:8000', '[::]:80']"],
        ["cert: c.pem", "key: k.pem", "https_bind: '[::]:443'"],
        ["cache_port: 80"],
    ],
)
def test_low_ports_that_it_opens_itself_need_the_right(make: Make, lines: list[str]) -> None:
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" in systemd.unit(make(*lines), (), 252)


@pytest.mark.parametrize("line", ["domain: shop.example", "auto_https: true"])
def test_certificates_that_come_by_themselves_need_the_ports_of_http(make: Make, line: str) -> None:
    """As ``hx start --domain`` takes them; the user may not without this."""
    service = make(line)
    assert (service.http_port, service.https_port, service.low_ports) == (80, 443, [80])
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" in systemd.unit(service, (), 252)
    assert make(line, "http_port: 8080", "https_port: 8443").low_ports == []


def test_variables_are_roots_alone_and_in_no_unit(make: Make) -> None:
    service = make("environment: {KEY: 'se\"c$ret`'}")
    files = {file.path: file for file in manager.files(service, init=False)}
    variables = files.pop("/etc/hendrix/shop.env")
    assert variables.mode == 0o600
    assert not any("ret" in file.content for file in files.values())
    script = f"set -a; . /dev/stdin <<'END'\n{variables.content}END\nprintf %s \"$KEY\""
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == 'se"c$ret`'
