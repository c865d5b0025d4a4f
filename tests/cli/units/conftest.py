"""A project and a virtual environment, as far as a service looks at them."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest

from hendrix.cli.units.conf import read_conf
from hendrix.cli.units.service import Service

Make = Callable[..., Service]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write ``shop.conf`` with these lines below the two that must be there, and read it."""
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/hx").write_text("#!/bin/sh\n")
    (tmp_path / "venv/bin/hx").chmod(0o755)
    (tmp_path / "project").mkdir()

    def made(*lines: str, user: str = getpass.getuser(), name: str = "shop.conf") -> Service:
        top = [
            f"virtualenv: {tmp_path}/venv",
            f"project_path: {tmp_path}/project",
            *([f"user: {user}"] if user else []),
        ]
        (tmp_path / name).write_text("\n".join([*top, *lines]) + "\n")
        return read_conf(str(tmp_path / name))

    return made
