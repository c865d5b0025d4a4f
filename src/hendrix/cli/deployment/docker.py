"""For Docker, Podman and BuildKit: an image of the project, small, with nothing in it that is secret."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from hendrix.cli.deployment.container import UID, Container
from hendrix.cli.deployment.plan import Plan
from hendrix.cli.deployment.rendered import Rendered, template

#: How pip is told of the dependencies, without the project being built.
_PYPROJECT = (
    "python -c 'import tomllib; "
    'print(*tomllib.load(open("pyproject.toml", "rb"))["project"].get("dependencies", []), sep="\\n")\' '
    "> requirements.txt"
)
_SAID = re.compile(r"(?:true|false|yes|no|on|off|\d{1,5})", re.I)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.I)
_INCLUDES = re.compile(r"(?:-r|-c|--requirement|--constraint)[ =]*(\S+)")


def render(plan: Plan) -> list[Rendered]:
    """A Dockerfile, and what of the project is none of its business."""
    container = Container(plan)
    ignored = ".dockerignore" if plan.way == "." else "Dockerfile.dockerignore"
    own = [ignored, "Dockerfile", "compose.yaml"] if plan.way == "." else []
    lines = "".join(f"{line}\n" for line in [*container.left, *own])
    return [
        Rendered("Dockerfile", template("docker/Dockerfile", **_words(container))),
        Rendered(ignored, f"# Rendered by hx deploy docker {plan.mark}.\n{lines}"),
    ]


def _words(container: Container) -> dict[str, str]:
    plan = container.plan
    service = plan.service
    folders = [container.runtime, *container.volumes.values()]
    environ = " \\\n    ".join(f"{name}={quoted(value)}" for name, value in container.variables.items())
    return {
        "mark": f"Rendered by hx deploy docker {plan.mark}.",
        "way": "." if plan.way == "." else f"-f {shlex.quote(container.way_back)}/Dockerfile .",
        "name": service.name,
        "uid": str(UID),
        "source": shlex.quote(os.path.basename(service.source)),
        "project": shlex.quote(service.project_path),
        "virtualenv": shlex.quote(service.virtualenv),
        "copied": _copied(service.virtualenv),
        "needed": "".join(f"{line}\n" for line in _needed(plan)),
        "pip": " ".join((*_told(plan), shlex.quote(plan.hendrix))),
        "folders": shlex.join(folders),
        "environ": environ,
        "build": "".join(f"{name}={shlex.quote(value)} " for name, value in pretended(container).items()),
        "ports": " ".join(dict.fromkeys(_ports(container))),
        "health": json.dumps(container.health),
        "command": json.dumps(container.words, ensure_ascii=False),
    }


def quoted(value: str) -> str:
    """For ENV, which takes dollars for variables."""
    return '"' + re.sub(r'(["\\$])', r"\\\1", value) + '"'


def _copied(path: str) -> str:
    """From itself to itself. COPY divides words at spaces, quoted or not, unless they are a list."""
    escaped = re.sub(r"""([\\$"'])""", r"\\\1", path)
    return json.dumps([escaped, escaped], ensure_ascii=False) if re.search(r"\s", path) else f"{escaped} {escaped}"


def _ports(container: Container) -> list[str]:
    ports = [str(door.inside) for door in container.doors]
    return ports + [
        f"{door.inside}/udp" for door in container.doors if door.kind == "https" and container.value("http3")
    ]


def _needed(plan: Plan) -> list[str]:
    """Lines that bring the list of what the project needs; all of it, where the list is about the project."""
    if plan.requirements == "pyproject.toml":
        return ["COPY pyproject.toml ./", f"RUN {_PYPROJECT}"]
    if plan.requirements:
        files = _included(plan.folder, plan.requirements)
        return [f"COPY {' '.join(files)} ./" if files and not any("/" in name for name in files) else "COPY . ."]
    return []


def _told(plan: Plan) -> list[str]:
    return ["--requirement", "requirements.txt"] if plan.requirements else []


def _included(folder: Path, first: str) -> list[str]:
    """``first`` and the files that it includes; nothing where one of them names a directory."""
    names = [first]
    for name in names:
        for line in (folder / name).read_text("utf-8", "replace").splitlines():
            if line.lstrip().startswith(("-e", "--editable", ".", "/", "file:")):
                return []
            found = _INCLUDES.match(line.strip())
            if found and found[1] not in names and "://" not in found[1]:
                if not (folder / found[1]).is_file():
                    return []
                names.append(found[1])
    return names


def pretended(container: Container) -> Mapping[str, str]:
    """Variables for the time of the build: settings read them, and no secret is to be in a layer. Each looks as the
    true one does; without any, there is a key, since no project loads without."""
    said = {name: _pretended(value) for name, value in container.plan.service.environment.items()}
    return {"SECRET_KEY": "of-the-build", **said}


def _pretended(value: str) -> str:
    if _SAID.fullmatch(value):
        return value
    scheme = _SCHEME.match(value)
    return f"{scheme[1]}://build:build@localhost/build" if scheme else "of-the-build"
