"""``hx deploy``: what Ansible and other tools need to set this project up, rendered from its configuration."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from hendrix.cli.actions import ACTIONS, Switches
from hendrix.cli.deployment import kinds
from hendrix.cli.deployment.machine import Machine, machines
from hendrix.cli.deployment.plan import Plan, read_plan
from hendrix.cli.deployment.writing import Written, write_all
from hendrix.cli.load import Sourced
from hendrix.cli.units.conf import default_file
from hendrix.cli.voice import Voice
from hendrix.core.errors import UsageError


def deploy(sourced: Sourced, switches: Switches) -> int:
    """Returns 0. Raises ``UsageError`` where the configuration is wrong, or the directory is not as it should be."""
    kind = next(kind for kind in ACTIONS["deploy"].verbs if kind in switches)
    if len(switches.operands) > 1:
        raise UsageError(f"hx deploy {kind} takes one file, and {switches.operands[1]!r} is another")
    output = switches.values.get("output", "")
    plan = read_plan(switches.operands[0] if switches.operands else default_file(), output)
    rendered = kinds.rendered(kind, replace(plan, servers=_servers(kind, switches)))
    if not output:
        if "dry-run" in switches or "json" in switches or len(rendered) != 1:
            few = "it" if len(rendered) == 1 else f"{len(rendered)} files"
            raise UsageError(f"hx deploy {kind} needs a directory to write {few} to; give --output deploy/{kind}")
        sys.stdout.write(rendered[0].content)
        return 0
    written = list(write_all(rendered, Path(output), force="force" in switches, dry="dry-run" in switches))
    _tell(written, plan, kind, output, switches, Voice(sourced.config))
    return 0


def _servers(kind: str, switches: Switches) -> tuple[Machine, ...]:
    """Those of ``--server``, which only a balancer takes, and needs."""
    said = machines(switches.values.get("server", ""))
    if said and kind != "haproxy":
        raise UsageError(f"hx deploy {kind} does not take --server; it is for hx deploy haproxy")
    if kind == "haproxy" and not said:
        raise UsageError(
            "hx deploy haproxy needs machines; give --server one=10.0.0.11:8000 --server two=10.0.0.12:8000"
        )
    return said


def _tell(written: list[Written], plan: Plan, kind: str, output: str, switches: Switches, voice: Voice) -> None:
    if "json" in switches:
        facts = {
            "kind": kind,
            "name": plan.service.name,
            "output": os.path.abspath(output),
            "files": [{"path": each.path, "state": each.state} for each in written],
        }
        sys.stdout.write(json.dumps(facts, indent=2) + "\n")
        return
    for each in written:
        voice.outcome(f"{each.said} {each.path}")
