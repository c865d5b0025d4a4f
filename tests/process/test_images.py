"""``hx deploy docker|compose|kubernetes|haproxy``, by tools that know these files, and carried out."""

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.kit import deployed_files
from tests.kit.haproxy import rendered
from tests.kit.live import Server, until
from tests.kit.machine import Unavailable, find, wheel
from tests.process.load import load


@pytest.fixture(scope="module", autouse=True)
def checkers():
    try:
        find("find-deploy-checkers")
    except Unavailable as reason:
        pytest.skip(str(reason))


#: Of one that uses much.
FULL = (
    *("settings: shop.settings", "http_port: 80", "https_port: 443", "cert: /etc/c.pem", "key: tls/k.pem"),
    *(
        "http3: true",
        "task_workers: 2",
        "writable: [/srv/shop/media]",
        "memory: 2GB",
        "hub: redis://:pw@localhost:6379",
    ),
    *("cache: true", "cache_rule: ['^/$x ttl=5m']", 'environment: {DATABASE_URL: "postgres://u:p$w@localhost/d"}'),
)


def test_files_are_what_the_tools_take(project, machine):
    (project.folder / "shop.conf").write_text("\n".join(FULL))
    instructions = deployed_files.dockerfile(machine.render("docker") / "Dockerfile")
    assert [name for name, _ in instructions].count("FROM") == 2
    assert all(value.startswith("[") for name, value in instructions if name == "CMD"), (
        "in exec form, so that it hears of signals"
    )
    services = deployed_files.compose_file(machine.render("compose") / "compose.yaml")["services"]
    assert services.keys() == {"shop", "postgres", "redis"}
    files = [path for path in machine.render("kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"]
    assert len(files) == 5
    deployed_files.check_manifests(files)


@pytest.mark.parametrize(
    "more", ['health_path: "/it\'s"', "cert: /c.pem\nkey: /k.pem\nproxy_protocol: v2\n", "https_only: true\n"]
)
def test_haproxy_takes_its_configuration(tmp_path, more):
    try:
        program = find("find-haproxy")
    except Unavailable as reason:
        pytest.skip(str(reason))
    (tmp_path / "haproxy.cfg").write_text(
        rendered(tmp_path / "balanced", f"settings: shop.settings\n{more}", ["one=127.0.0.2", "127.0.0.3:8001"])
    )
    done = subprocess.run([program, "-c", "-f", tmp_path / "haproxy.cfg"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "WARNING" not in done.stdout + done.stderr, done.stdout + done.stderr


class Image:
    """Made step by step of a Dockerfile, in the machine's folder instead of at the root."""

    def __init__(self, machine, folder):
        self.machine = machine
        self.steps = deployed_files.dockerfile(folder / "Dockerfile")
        (words,) = (value for name, value in self.steps if name == "ENV")
        said = dict(re.findall(r'(\w+)="([^"]*)"', words))
        self.variables = {**machine.environ(), **{name: self.here(value) for name, value in said.items()}}

    def here(self, text):
        for path in ("/run/shop", "/var/lib/shop", "/wheels"):
            text = re.sub(rf"(?<![\w/]){path}", str(self.machine.folder / path.lstrip("/")), text)
        return text

    def run(self, sign, folder, **extra):
        """The RUN in which ``sign`` is, word for word."""
        (command,) = (value for name, value in self.steps if name == "RUN" and sign in value)
        command = re.sub(r"^--mount=\S+ +", "", self.here(command))
        variables = {**self.variables, **extra}
        done = subprocess.run(
            ["sh", "-c", command], cwd=folder, env=variables, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def command(self, name):
        (value,) = (value for instruction, value in self.steps if instruction == name)
        return json.loads(value[value.index("[") :])

    def is_healthy(self, port):
        command = self.command("HEALTHCHECK")
        environ = {**self.variables, "PORT": str(port)}
        return subprocess.run(command, env=environ, capture_output=True, timeout=30).returncode == 0


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.long
def test_an_image_and_a_pod(project, machine):
    """Built as the Dockerfile says; begun, probed and ended as the manifest says, under load, with nothing lost."""
    secret = "\nimport os\nSECRET_KEY = os.environ['OUR_KEY']\nSTATIC_ROOT = BASE_DIR / 'collected'\n"
    project.add("settings.py", secret)
    machine.configure("settings: site1.settings", "drain_delay: 8s", "workers: 2", "environment: {OUR_KEY: s3cret}")
    (project.folder / "requirements.txt").write_text("")
    image, there = Image(machine, machine.render("docker")), machine.srv / "project"
    search = f"{machine.folder / 'bin'}:{os.environ['PATH']}"
    (machine.folder / "bin").mkdir()
    (machine.folder / "bin/python3").symlink_to(machine.python)
    # Its dependencies are below: that they are found on PyPI is not the question.
    alone = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel().parent), "PATH": search}
    image.run("pip wheel", project.folder, **alone)
    shutil.copytree(project.folder, there, ignore=shutil.ignore_patterns("deploy", "shop.conf"))
    image.run("ignore file", there)
    with pytest.raises(AssertionError, match="ignore file was not read"):
        image.run("ignore file", project.folder)
    image.run("collectstatic", there)
    assert (there / "collected/admin/css/base.css").is_file()
    assert list((there / "collected/admin/css").glob("base.*.br")) or list((there / "collected").rglob("*.br"))

    manifests = machine.render("kubernetes")
    map_ = yaml.safe_load((manifests / "configmap.yaml").read_text())["data"]
    spec = yaml.safe_load((manifests / "deployment.yaml").read_text())["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    port = free_port()
    secrets = dict(line.split("=", 1) for line in (manifests / "secret.env").read_text().splitlines())
    told = {name: image.here(value) for name, value in map_.items()}
    environ = {**machine.environ(), **told, **secrets, "PORT": str(port)}
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        Path(told[name]).mkdir(parents=True, mode=0o700)
    assert container["command"] == image.command("CMD")[:2]
    server = Server([*container["command"], *container.get("args", [])], there, environ)
    server.home = there
    try:
        server.await_listening()
        until(lambda: image.is_healthy(port), "it to be healthy")
        with load(server) as running:
            running.more()
            subprocess.run(container["lifecycle"]["preStop"]["exec"]["command"], check=True, timeout=60)
            assert image.is_healthy(port) and probed(server, container) == 200, "all goes on while nodes hear of it"
            running.more()
            server.signal(15)
            until(lambda: probed(server, container) == 503, "the probe to be told")
            running.more(20)
        server.process.wait(spec["terminationGracePeriodSeconds"])
        assert running.failures == []
    finally:
        server.stop()


def probed(server, container):
    """What the readiness probe is answered."""
    path = container["readinessProbe"]["httpGet"]["path"]
    with server.client() as client:
        return client.get(path).status
