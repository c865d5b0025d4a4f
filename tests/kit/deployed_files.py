"""Rendered files as those tools read them that they are for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.kit.machine import find

_DOCKERFILE = "import json, sys, dockerfile_parse as d; print(json.dumps(d.DockerfileParser(sys.argv[1]).structure))"
_COMPOSE = """
import json, sys
from compose_spec import PyCompose
print(json.dumps(PyCompose.from_yaml(open(sys.argv[1]).read()).to_dict()))
"""


def dockerfile(path: Path) -> list[tuple[str, str]]:
    """Its instructions and what stands behind each; hadolint finds nothing but that versions of packages, which the
    user names, are not said."""
    command = [find("find-deploy-checkers") / "hadolint", "--ignore", "DL3008", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return [(each["instruction"], each["value"]) for each in json.loads(_asked(_DOCKERFILE, str(path)))]


def compose_file(path: Path) -> dict[str, Any]:
    """By the specification."""
    found: dict[str, Any] = json.loads(_asked(_COMPOSE, str(path)))
    return found


def check_manifests(paths: list[Path]) -> None:
    """By the schemas of Kubernetes; an unknown key is an error."""
    command = [find("find-deploy-checkers") / "kubernetes-validate", "--strict", *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and said.count("passed for resource") == len(paths), said


def _asked(program: str, path: str) -> str:
    python = find("find-deploy-checkers") / "python"
    done = subprocess.run([python, "-c", program, path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
