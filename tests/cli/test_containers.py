"""``hx deploy docker``, ``compose``, ``kubernetes`` and ``haproxy``: what the configuration becomes there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from hendrix.cli.deployment import compose, docker, haproxy, kubernetes
from hendrix.cli.deployment.beside import found_in
from hendrix.cli.deployment.container import Container
from hendrix.cli.deployment.machine import machines
from hendrix.cli.deployment.plan import Plan, read_plan
from hendrix.cli.main import main
from hendrix.core.errors import UsageError


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "manage.py").write_text("")
    (tmp_path / "requirements.txt").write_text("Django\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(*lines: str, output: str = "out") -> Plan:
    """Of a YAML file with these lines."""
    Path("shop.conf").write_text("settings: shop.settings\n" + "".join(f"{line}\n" for line in lines))
    return read_plan("shop.conf", output)


def text(plan: Plan, kind: Any, name: str) -> str:
    return next(each.content for each in kind.render(plan) if each.path == name)


def service(plan: Plan) -> dict[str, Any]:
    """The one of the project in the compose file."""
    return dict(yaml.safe_load(text(plan, compose, "compose.yaml"))["services"]["shop"])


def pod(plan: Plan) -> dict[str, Any]:
    return dict(yaml.safe_load(text(plan, kubernetes, "deployment.yaml"))["spec"]["template"]["spec"])


# --- ports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "ports", "words"),
    [
        ([], ["8000:8000"], []),
        (["http_port: 80"], ["80:8080"], []),
        (["bind: 127.0.0.1:9000"], ["127.0.0.1:9000:9000"], ["--bind=0.0.0.0:9000"]),
        (["bind: '[::]:443'", "https_only: true", "cert: c.pem", "key: k.pem"], ["443:8443"], ["--bind=0.0.0.0:8443"]),
        (
            ["http_port: 80", "https_port: 443", "cert: /etc/c.pem", "key: /etc/k.pem", "https_redirect: true"],
            ["80:8080", "443:8443"],
            ["--https-port=8443", "--https-redirect=443"],
        ),
        (
            ["https_port: 443", "cert: /etc/c.pem", "key: /etc/k.pem", "http3: true"],
            ["8000:8000", "443:8443", "443:8443/udp"],
            ["--https-port=8443", "--http3-port=443"],
        ),
        (["bind: ['0.0.0.0:80', '[::]:80']"], ["80:8080"], ["--bind=0.0.0.0:8080"]),
        (["cache_port: 81"], ["8000:8000", "81:8081"], ["--cache-port=8081"]),
        (["domain: shop.example"], ["80:8080", "443:8443"], ["--https-port=8443", "--https-redirect=443"]),
    ],
)
def test_ports_that_are_the_systems_are_others_inside(
    shop: Path, lines: list[str], ports: list[str], words: list[str]
) -> None:
    found = plan(*lines)
    assert service(found)["ports"] == ports
    assert set(words) <= set(Container(found).words)


def test_a_socket_is_no_way_into_a_container(shop: Path) -> None:
    with pytest.raises(UsageError, match="cannot be reached in a container"):
        docker.render(plan("bind: unix:/run/shop.sock"))


# --- secrets ---------------------------------------------------------------------------------------------------


SECRETS = (
    'environment: {SECRET_KEY: s3cret, DATABASE_URL: "postgres://u:s3cret@localhost/d", WORKERS_OF: "4"}',
    "cache_token: s3cret-of-the-cache",
    "hub: redis://:s3cret@redis.example:6379/0",
)


@pytest.mark.parametrize("kind", [docker, compose, kubernetes])
def test_no_secret_is_in_an_image_or_a_manifest(shop: Path, kind: Any) -> None:
    files = kind.render(plan(*SECRETS))
    for each in files:
        if "s3cret" in each.content:
            assert each.mode == 0o600 and each.yours and each.path.endswith(".env")
    kept = "".join(each.content for each in files if each.yours and each.mode == 0o600)
    for name in ("SECRET_KEY", "HX_CACHE_TOKEN", "HX_HUB") if kind is not docker else ():
        assert f"{name}=" in kept


def test_files_with_passwords_and_keys_stay_out_of_the_image(shop: Path) -> None:
    Path("hendrix.toml").write_text('key = "tls/shop.pem"\ncert = "tls/chain.pem"\n[service]\nname = "shop"\n')
    left = text(read_plan("hendrix.toml", "out"), docker, "Dockerfile.dockerignore").splitlines()
    assert {"tls/shop.pem", "tls/chain.pem", "**/hendrix.toml", "**/.env", "**/.git", "**/*.sqlite3"} <= set(left)
    assert {"**/shop.conf", "**/out", "**/*.env"} & set(text(plan(), docker, "Dockerfile.dockerignore").splitlines())
    assert "deploy/*" in text(plan(output="deploy/docker"), docker, "Dockerfile.dockerignore").splitlines(), (
        "with others"
    )
    assert ".dockerignore" in [each.path for each in docker.render(plan(output="."))]


def test_the_build_has_variables_of_the_same_look(shop: Path) -> None:
    said = docker.pretended(Container(plan(*SECRETS)))
    assert said == {
        "SECRET_KEY": "of-the-build",
        "DATABASE_URL": "postgres://build:build@localhost/build",
        "WORKERS_OF": "4",
    }


# --- what it needs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "copied"),
    [
        ({"requirements.txt": "Django\n-r base.txt\n", "base.txt": "psycopg\n"}, "COPY requirements.txt base.txt ./"),
        ({"requirements.txt": "-e .\n"}, "COPY . ."),
        ({"requirements.txt": "-r requirements/base.txt\n", "requirements/base.txt": ""}, "COPY . ."),
    ],
)
def test_the_lists_of_requirements(shop: Path, files: dict[str, str], copied: str) -> None:
    for name, content in files.items():
        (shop / name).parent.mkdir(exist_ok=True)
        (shop / name).write_text(content)
    first = text(plan(), docker, "Dockerfile").partition("\nFROM ")[2].partition("\nFROM ")[0]
    assert copied in first.splitlines()


def test_dependencies_of_a_pyproject(shop: Path) -> None:
    (shop / "requirements.txt").unlink()
    (shop / "pyproject.toml").write_text("[project]\n")
    written = text(plan(), docker, "Dockerfile")
    assert "COPY pyproject.toml ./" in written and "--requirement requirements.txt" in written


# --- how it ends -----------------------------------------------------------------------------------------------


def test_who_waits_for_the_end_waits_long_enough(shop: Path) -> None:
    """The delay and the time for requests, and the ten seconds that the server takes for those it must kill."""
    found = plan("drain_delay: 4s", "graceful_timeout: 20s")
    assert service(found)["stop_grace_period"] == "34s"
    waits = int(
        re.findall(r"sleep\((\d+)\)", pod(found)["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][2])[0]
    )
    assert pod(found)["terminationGracePeriodSeconds"] == waits + 34
    tasks = plan("graceful_timeout: 20s", "task_workers: 1", "task_timeout: 2m")
    assert service(tasks)["stop_grace_period"] == "130s"
    variables = yaml.safe_load(text(tasks, kubernetes, "configmap.yaml"))["data"]
    assert pod(tasks)["terminationGracePeriodSeconds"] == waits + int(variables["HX_DRAIN_DELAY"].rstrip("s")) + 130


def test_health_is_asked_as_the_server_speaks(shop: Path) -> None:
    assert "HTTPConnection" in Container(plan()).health[2]
    assert "HTTPSConnection" in Container(plan("https_only: true", "key: k", "cert: c")).health[2]
    for line in ("health_path: 'off'", "proxy_protocol: v2"):
        assert Container(plan(line)).health[1:] == ["status", "--quiet"]


# --- beside it -------------------------------------------------------------------------------------------------


def test_databases_of_the_machine_are_containers_of_their_own(shop: Path) -> None:
    found = plan(
        'environment: {DATABASE_URL: "postgres://u:p%40w@localhost:5432/d"}', "cache_store: redis://127.0.0.1:6379/1"
    )
    file = yaml.safe_load(text(found, compose, "compose.yaml"))
    assert file["services"].keys() == {"shop", "postgres", "redis"}
    assert file["services"]["shop"]["depends_on"].keys() == {"postgres", "redis"}
    mine, theirs = text(found, compose, "shop.env"), text(found, compose, "postgres.env")
    assert "DATABASE_URL=postgres://u:p%40w@postgres:5432/d\n" in mine and "redis://redis:6379/1\n" in mine
    assert theirs == "POSTGRES_USER=u\nPOSTGRES_DB=d\nPOSTGRES_PASSWORD=p@w\n"
    assert yaml.safe_load(text(plan(), compose, "compose.yaml"))["services"].keys() == {"shop"}


def test_what_is_elsewhere_stays_there() -> None:
    urls = ("redis://cache.example:6379", "mysql://localhost/d", "https://localhost/", "unix:///run/redis.sock", "")
    assert found_in({str(number): url for number, url in enumerate(urls)}) == []
    (beside,) = found_in({"A": "rediss://x", "B": "redis://db:6379", "C": "redis://:pw@db:6379"})
    assert (beside.kind, beside.name, beside.password) == ("redis", "db", "pw")


@pytest.mark.parametrize("value", ["plain", "a b", "s$cret #1", 'q"q', "it's", "a\\b"])
def test_values_of_variables_are_not_interpreted(value: str) -> None:
    line = compose.assigned({"A": value}).strip()
    assert line == f"A={value}" or line == f"A='{value}'" or (line.startswith('A="') and "'" in value)


# --- options ---------------------------------------------------------------------------------------------------


def test_pods_read_options_from_the_map(shop: Path) -> None:
    found = plan(
        "workers: 3", "cache: true", "cache_rule: ['^/a, ttl=5m', '^/$(x) ttl=1m']", "cache_token: abcdefghijkl"
    )
    said = yaml.safe_load(text(found, kubernetes, "configmap.yaml"))["data"]
    assert (said["HX_WORKERS"], said["HX_CACHE"], said["PORT"]) == ("3", "on", "8000")
    assert "HX_CACHE_RULE" not in said and "HX_CACHE_TOKEN" not in said
    container = pod(found)["containers"][0]
    assert container["args"] == ["--cache-rule=^/a, ttl=5m", "--cache-rule=^/$$(x) ttl=1m"]
    other = yaml.safe_load(text(plan("workers: 4"), kubernetes, "deployment.yaml"))
    mine = yaml.safe_load(text(plan("workers: 3"), kubernetes, "deployment.yaml"))
    assert mine["spec"]["template"]["metadata"] != other["spec"]["template"]["metadata"], "so that pods are made anew"


def test_certificates_of_several_names_are_files_of_several_names(shop: Path) -> None:
    """As those of Let's Encrypt, which are called alike: kustomize refuses a second one of that name."""
    folders = ("/etc/live/a.example", "/etc/live/b.example", "/etc/more/b.example")
    found = plan("cert:", *(f"- {each}/c.pem" for each in folders), "key:", *(f"- {each}/k.pem" for each in folders))
    custom = yaml.safe_load(text(found, kubernetes, "kustomization.yaml"))
    (names,) = (each["files"] for each in custom["secretGenerator"])
    assert len(set(names)) == 6 and {"a.example-c.pem", "b.example-k.pem"} < set(names)
    mounts = {each["mountPath"]: each.get("subPath") for each in pod(found)["containers"][0]["volumeMounts"]}
    assert {mounts[path] for path in mounts if path.endswith(".pem")} == set(names)
    alone = yaml.safe_load(text(plan("cert: /c.pem", "key: /k.pem"), kubernetes, "kustomization.yaml"))
    (one,) = alone["secretGenerator"]
    assert set(one["files"]) == {"c.pem", "k.pem"}


def test_certificates_are_not_for_pods(shop: Path) -> None:
    with pytest.raises(UsageError, match="domain is not for Kubernetes"):
        kubernetes.render(plan("domain: shop.example"))
    assert text(plan("cert: /etc/c.pem", "key: /etc/k.pem"), kubernetes, ".gitignore") == "k.pem\nc.pem\n"
    found = pod(plan("cert: /etc/c.pem", "key: /etc/k.pem"))
    assert [each["mountPath"] for each in found["containers"][0]["volumeMounts"]][-2:] == ["/etc/k.pem", "/etc/c.pem"]


# --- HAProxy ---------------------------------------------------------------------------------------------------


def test_machines_behind_haproxy(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan("timeout: 2m", "drain_delay: 4s", "forwarded_allow_ips: 10.0.0.5")
    assert main(["deploy", "haproxy", "shop.conf", "--server", "one=10.0.0.11:8001", "--server", "10.0.0.12"]) == 0
    said = capsys.readouterr().out
    assert "    server one 10.0.0.11:8001 cookie one\n    server server2 10.0.0.12:8000 cookie server2\n" in said
    assert "timeout server 125s" in said and "needs" not in said
    plan()
    assert main(["deploy", "haproxy", "shop.conf", "--server", "10.0.0.11"]) == 0
    assert "drain_delay" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sign"),
    [
        (["haproxy", "shop.conf"], "needs machines; give --server one=10.0.0.11:8000"),
        (["haproxy", "shop.conf", "--server", "a b"], "'a b' is no server; give NAME=HOST:PORT"),
        (["haproxy", "shop.conf", "--server", "one=h:99999"], "is no server"),
        (["haproxy", "shop.conf", "--server", "a=x,a=y"], "two have one name"),
        (["docker", "shop.conf", "--output", "out", "--server", "x"], "hx deploy docker does not take --server"),
    ],
)
def test_what_is_wrong(shop: Path, capsys: pytest.CaptureFixture[str], words: list[str], sign: str) -> None:
    plan()
    assert main(["deploy", *words]) == 1
    assert sign in capsys.readouterr().err


def test_addresses_that_are_written_out_count_behind_haproxy(shop: Path) -> None:
    found = plan("bind: '0.0.0.0:9000'", "https_bind: '0.0.0.0:9443'", "cert: /c.pem", "key: /k.pem")
    said = haproxy.render(replace(found, servers=machines("one=h1")))[0].content
    assert "server one h1:9000 cookie one\n" in said and "server one h1:9443 port 9000\n" in said


def test_https_passes_through_haproxy(shop: Path) -> None:
    found = plan("cert: /c.pem", "key: /k.pem", "proxy_protocol: v2", "https_port: 4443")
    said = haproxy.render(replace(found, servers=machines("one=h1:8000")))[0].content
    assert "server one h1:8000 cookie one send-proxy-v2 check-send-proxy\n" in said
    assert "server one h1:4443 port 8000 send-proxy-v2 check-send-proxy\n" in said
    only = plan("cert: /c.pem", "key: /k.pem", "https_only: true", "http_port: 443")
    said = haproxy.render(replace(only, servers=machines("one=h1")))[0].content
    assert "server one h1:443 check-ssl verify none\n" in said and "bind :80" not in said
    with pytest.raises(UsageError, match="dns_hook"):
        haproxy.render(plan("domain: shop.example"))


def test_odd_paths_stay_whole(shop: Path) -> None:
    """In COPY words are divided at spaces, and dollars and quotes have a meaning, unless they are escaped."""
    lines = text(plan("virtualenv: \"/srv/my '$shop'/venv\""), docker, "Dockerfile").splitlines()
    (words,) = (line.removeprefix("COPY --from=build ") for line in lines if line.startswith("COPY --from=build"))
    assert json.loads(words) == ["/srv/my \\'\\$shop\\'/venv"] * 2
    assert "COPY --from=build /srv/shop/venv /srv/shop/venv" in text(plan(), docker, "Dockerfile")


def test_commands_are_in_exec_form(shop: Path) -> None:
    """As JSON, so that the server is process 1 and hears of signals."""
    lines = text(plan("workers: 2"), docker, "Dockerfile").splitlines()
    command = json.loads(next(line for line in lines if line.startswith("CMD ")).removeprefix("CMD "))
    assert command == ["/srv/shop/venv/bin/hx", "start", "--workers=2"]
    assert "USER 10001:10001" in lines and "STOPSIGNAL SIGTERM" in lines


def test_the_page_about_several_machines_has_what_the_command_prints(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/from-one-machine-to-many.md").read_text()
    (configuration,) = re.findall(r"```yaml\n(settings: .*?)```", page, re.S)
    command, *_ = re.findall(r"^\$ hx (deploy haproxy .*)$", page, re.M)
    (printed,) = re.findall(r"```haproxy\n(.*?)```", page, re.S)
    (shop / "shop.conf").write_text(configuration)
    assert main(command.split()) == 0
    assert capsys.readouterr().out == printed
