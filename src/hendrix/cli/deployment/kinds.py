"""The tools that we render for: a module each, of the tool's name, with ``render(plan)``."""

from __future__ import annotations

import importlib

from hendrix.cli.deployment.plan import Plan
from hendrix.cli.deployment.rendered import Rendered


def rendered(kind: str, plan: Plan) -> list[Rendered]:
    """The files for the tool ``kind``, a verb of ``hx deploy``."""
    files: list[Rendered] = importlib.import_module(f"hendrix.cli.deployment.{kind}").render(plan)
    return files
