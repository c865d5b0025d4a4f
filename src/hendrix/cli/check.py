"""``hx check``: would it start, and serve well? Loads the project without serving it, shows all options and who gave
them, and says what is wrong, why it matters and what to change."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from hendrix.cli.actions import Switches
from hendrix.cli.complaint import one_line
from hendrix.cli.doctor import machine
from hendrix.cli.doctor.cure import cured
from hendrix.cli.doctor.examination import examined
from hendrix.cli.doctor.finding import ERROR, INFO, WARNING, Finding, counted, reaches
from hendrix.cli.given import is_quiet
from hendrix.cli.load import DEFAULT, Sourced
from hendrix.cli.options import ProjectOptions
from hendrix.cli.quantity import duration
from hendrix.cli.trial import Verdict, put_on_trial
from hendrix.core.config import GROUPS, OPTIONS
from hendrix.core.errors import HendrixError
from hendrix.core.record import record
from hendrix.supervisor.origin import Origin

_WIDTH = 80
_NAME = 26
_VALUE = 22


def check(sourced: Sourced, switches: Switches) -> int:
    """Returns 0, or 1 where something is found at the level that fails. Raises ``UsageError`` for wrong options and
    ``ProjectError`` where the project does not load."""
    options = ProjectOptions(sourced, Origin.now())
    verdict, fault = None, None
    try:
        verdict = put_on_trial(options.known(), options.merged)
        if verdict.settings:
            options.merged(verdict.settings)
    except HendrixError as error:
        fault = error
    fault = fault or (verdict.failure if verdict else None)
    findings, cures = _findings(options, verdict, fix="fix" in switches and not fault)
    level = switches.values.get("fail-level", WARNING if "strict" in switches else ERROR)
    said = Said(options.latest, verdict, fault, findings, cures, level)
    text = (
        json.dumps(plain(said), indent=2)
        if "json" in switches
        else "\n".join(_page(said, brief=is_quiet(sourced.levels[0])))
    )
    sys.stdout.write(text and text + "\n")
    sys.stdout.flush()
    if fault:
        raise fault
    return 0 if said.is_well else 1


@record(frozen=True)
class Said:
    """All that there is to say."""

    sourced: Sourced
    verdict: Verdict | None
    fault: HendrixError | None
    findings: Sequence[Finding]
    cures: Sequence[str]
    fail_level: str

    @property
    def is_well(self) -> bool:
        """Does it load, with nothing found that counts?"""
        return self.fault is None and not reaches(self.findings, self.fail_level)


def _findings(options: ProjectOptions, verdict: Verdict | None, *, fix: bool) -> tuple[list[Finding], list[str]]:
    """What is left of it, and what was done about it."""
    inside = verdict.outcomes if verdict else {}
    config = options.latest.config
    found = examined(config, {**machine.examine(config), **inside})
    cures = list(cured(found, config)) if fix else []
    if not any(line.startswith("fixed") for line in cures):
        return found, cures
    again = put_on_trial(options.known(), options.merged)
    if again.settings:
        options.merged(again.settings)
    return examined(config, {**machine.examine(config), **again.outcomes}), cures


def plain(said: Said) -> dict[str, Any]:
    """As JSON: fields are only ever added."""
    sourced, verdict, fault = said.sourced, said.verdict, said.fault
    told = {name: {"value": _shown_value(sourced, name), "source": sourced.sources[name]} for name in OPTIONS}
    return {
        "ok": said.is_well,
        "problem": str(fault) if fault else "",
        "traceback": getattr(fault, "traceback", ""),
        "fail_level": said.fail_level,
        "findings": [asdict(each) for each in said.findings],
        "fixed": list(said.cures),
        "warnings": [each.what for each in said.findings if each.level != INFO],
        "seconds": verdict.seconds if verdict else None,
        "interface": verdict.interface if verdict else {},
        "resources": verdict.resources if verdict else {},
        "files": verdict.files if verdict else {},
        "options": told,
    }


def _shown_value(sourced: Sourced, name: str) -> Any:
    value = getattr(sourced.config, name)
    return OPTIONS[name].spelled(value) if OPTIONS[name].secret else value


def _page(said: Said, *, brief: bool) -> Iterator[str]:
    """``brief``: only what is wrong, and what was mended."""
    sourced, verdict = said.sourced, said.verdict
    if not brief:
        yield from _facts(sourced, verdict)
    for each in said.findings:
        yield from _told(each)
    yield from map(one_line, said.cures)
    if verdict and not said.fault and not brief:
        found = f", with {counted(said.findings)}" if said.findings else ""
        yield f"{one_line(sourced.config.subject)} loads in {duration(verdict.seconds)}{found}"


def _facts(sourced: Sourced, verdict: Verdict | None) -> Iterator[str]:
    """All options, and what was found out about the project."""
    for group, title in GROUPS.items():
        yield title
        for name in OPTIONS:
            if OPTIONS[name].group == group:
                yield from _row(sourced, name)
        yield ""
    if verdict:
        yield from _interface(verdict.interface)
        yield from (one_line(f"resource: {path} is {name}") for path, name in verdict.resources.items())
        yield from (one_line(f"files: {path} is {origin}") for path, origin in verdict.files.items())


def _told(found: Finding) -> Iterator[str]:
    """Three lines."""
    yield one_line(f"{found.level}: {found.what} [{found.id}]")
    yield one_line(f"    why: {found.why}")
    yield one_line(f"    change: {found.change}")


def _interface(chosen: dict[str, str]) -> Iterator[str]:
    """How a Django project is called; nothing for another application."""
    if chosen:
        yield one_line(f"interface: {chosen['name']} ({chosen['reason']})")
        if chosen["websockets"]:
            yield one_line(f"WebSockets go to {chosen['websockets']}")


def _row(sourced: Sourced, name: str) -> Iterator[str]:
    """One option: what it is and who said so. A source that does not fit gets a line of its own."""
    source = sourced.sources[name]
    value = one_line(OPTIONS[name].spelled(getattr(sourced.config, name))) or "-"
    line = f"  {name:<{_NAME}} {value:<{_VALUE}}"
    told = "" if source == DEFAULT else one_line(source)
    if len(line) + 1 + len(told) <= _WIDTH or not told:
        yield f"{line} {told}".rstrip()
    else:
        yield line.rstrip()
        yield f"  {'':<{_NAME}} ({told})"
