"""For Docker Compose and podman-compose: the image, its process with no more rights than it needs, and the databases
that the configuration looks for on its own machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import yaml

from hendrix.cli.deployment import docker
from hendrix.cli.deployment.beside import Beside
from hendrix.cli.deployment.container import UID, Container, Door, local_file
from hendrix.cli.deployment.plan import Plan
from hendrix.cli.deployment.rendered import Rendered

_PLAIN = re.compile(r"[A-Za-z0-9_@%+,./:~=-]*")
_SPECIAL = re.compile(r'([\\$"])')
_ESCAPED = r"\\\1"
_HEAD = """\
# Rendered by hx deploy compose {mark}.
#   docker compose run --rm {name} python manage.py migrate
#   docker compose up --detach --build
# What passwords there are is in files of variables, which are yours.
"""
#: Rights that a database needs when it begins as root, to be somebody else then.
_TO_STEP_DOWN = ["CHOWN", "DAC_READ_SEARCH", "FOWNER", "SETGID", "SETUID"]
_IMAGES = {
    "redis": "docker.io/library/redis:8-alpine",
    "postgres": "docker.io/library/postgres:18-alpine",
}


def render(plan: Plan) -> list[Rendered]:
    """The compose file, what it builds its image from, and variables."""
    container = Container(plan)
    name = plan.service.name
    beside = container.beside
    variables = {f"{name}.env": container.secrets}
    variables |= {f"{each.name}.env": said for each in beside if (said := _variables(each))}
    if not container.secrets:
        del variables[f"{name}.env"]
    services = {name: _service(container, [f"{name}.env"] if container.secrets else [])}
    services |= {each.name: _database(each, f"{each.name}.env" in variables) for each in beside}
    volumes = [*container.volumes, *(f"{each.name}-data" for each in beside if each.kind == "postgres")]
    file = {"name": plan.slug.lower(), "services": services, "volumes": {volume: {} for volume in volumes}}
    head = _HEAD.format(mark=plan.mark, name=name)
    ours = docker.render(plan)
    files = [Rendered("compose.yaml", head + dumped(escaped(file)))]
    files += [Rendered(path, assigned(said), mode=0o600, yours=True) for path, said in variables.items()]
    if variables:
        files.append(Rendered(".gitignore", "".join(f"{path}\n" for path in variables)))
    return [*ours, *files]


# --- the project -------------------------------------------------------------------------------------------------


def _service(container: Container, variables: list[str]) -> dict[str, Any]:
    plan = container.plan
    owner = f"uid={UID},gid={UID},mode=0750"
    given = [f"{local_file(container, path)}:{path}:ro" for path in container.files]
    service: dict[str, Any] = {
        "build": {"context": plan.way, "dockerfile": os.path.join(container.way_back, "Dockerfile")},
        "image": plan.service.name,
        "restart": "unless-stopped",
        "ports": [port for door in container.doors for port in _ports(door, container)],
        **({"env_file": variables} if variables else {}),
        "read_only": True,
        "tmpfs": ["/tmp:mode=1777", f"{container.runtime}:{owner}"],  # noqa: S108 - its own
        "shm_size": container.memory,
        "volumes": [*(f"{name}:{path}" for name, path in container.volumes.items()), *given],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "ulimits": {"nofile": 65536},
        **({"mem_limit": plan.service.memory} if plan.service.memory else {}),
        # --drain-delay and --graceful-timeout, and some to spare.
        "stop_grace_period": f"{container.drain_delay + container.leaving}s",
        "healthcheck": {
            "test": ["CMD", *container.health],
            "interval": "10s",
            "timeout": "5s",
            "retries": 3,
            "start_period": f"{int(container.value('start_timeout')) or 120}s",
        },
    }
    if container.beside:
        service["depends_on"] = {each.name: {"condition": "service_healthy"} for each in container.beside}
    return service


def _ports(door: Door, container: Container) -> list[str]:
    host = "" if door.host in ("", "localhost") else f"{door.host}:"
    host = "127.0.0.1:" if door.host == "localhost" else host
    said = f"{host}{door.outside}:{door.inside}"
    return [said, f"{said}/udp"] if door.kind == "https" and container.value("http3") else [said]


# --- databases ---------------------------------------------------------------------------------------------------


def _variables(each: Beside) -> dict[str, str]:
    if each.kind == "postgres":
        user = each.user or "postgres"
        said = {"POSTGRES_USER": user, "POSTGRES_DB": each.database or user, "POSTGRES_PASSWORD": each.password}
        return said if each.password else {**said, "POSTGRES_HOST_AUTH_METHOD": "trust"}
    return {"REDIS_PASSWORD": each.password, "REDISCLI_AUTH": each.password} if each.password else {}


def _database(each: Beside, has_variables: bool) -> dict[str, Any]:
    service: dict[str, Any] = {
        "image": _IMAGES[each.kind],
        "restart": "unless-stopped",
        **({"env_file": [f"{each.name}.env"]} if has_variables else {}),
        "cap_drop": ["ALL"],
        "cap_add": _TO_STEP_DOWN,
        "security_opt": ["no-new-privileges:true"],
    }
    if each.kind == "postgres":
        test = 'pg_isready --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB"'
        # Its data directory is below this one, named by its version.
        service |= {
            "volumes": [f"{each.name}-data:/var/lib/postgresql"],
            "shm_size": "128m",
            "stop_grace_period": "60s",
        }
    else:
        test = "redis-cli ping | grep --quiet PONG"
        # A password is told by standard input: a command line is everybody's.
        said = 'printf "requirepass \\"%s\\"\\n" "$REDIS_PASSWORD" | ' if each.password else ""
        words = "redis-server -" if each.password else "redis-server"
        service |= {"command": ["sh", "-c", f'{said}exec {words} --save "" --appendonly no']}
        service |= {"read_only": True, "tmpfs": ["/data"]}
    check = {"test": ["CMD-SHELL", test], "interval": "5s", "timeout": "5s", "retries": 12}
    return {**service, "healthcheck": check}


# --- text --------------------------------------------------------------------------------------------------------


def assigned(variables: Mapping[str, str]) -> str:
    """As Compose reads it: nothing in single quotes has a meaning; without any, a dollar and a # have."""
    lines = []
    for name, value in variables.items():
        if _PLAIN.fullmatch(value):
            lines.append(f"{name}={value}\n")
        elif "'" not in value and not value.endswith("\\"):
            lines.append(f"{name}='{value}'\n")
        else:
            lines.append(f'{name}="{_SPECIAL.sub(_ESCAPED, value)}"\n')
    return "".join(lines)


def escaped(value: Any) -> Any:
    """Compose takes a dollar for a variable."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {name: escaped(each) for name, each in value.items()}
    return [escaped(each) for each in value] if isinstance(value, list) else value


class _Dumper(yaml.SafeDumper):
    """With lists indented, and without references."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """As people do."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Each for itself."""
        return True


def dumped(value: Any) -> str:
    """YAML, in the order of ``value``."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=118, allow_unicode=True))
