"""Prometheus's own judge of what it is given."""

from __future__ import annotations

import subprocess
from pathlib import Path

_FIND = Path(__file__).parents[2] / "scripts" / "find-promtool"


class Unavailable(Exception):
    """There is no promtool here, with the reason."""


def objections(text: str) -> str:
    """What it says against ``text``: faults, and names that are not as they should be. Raises ``Unavailable``."""
    found = subprocess.run([_FIND], capture_output=True, text=True)
    if found.returncode:
        raise Unavailable(found.stderr.strip().splitlines()[-1])
    command = [found.stdout.strip(), "check", "metrics"]
    judged = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    return judged.stdout + judged.stderr + (f"\nstatus {judged.returncode}" if judged.returncode else "")


def samples(text: str) -> dict[str, float]:
    """By name and labels as they are written."""
    pairs = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs}
