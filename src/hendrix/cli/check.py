"""``hx check``: would it start? Loads the project without serving it, and shows all options and who gave them."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from hendrix.cli.actions import Switches
from hendrix.cli.complaint import one_line
from hendrix.cli.doctor.finding import ERROR, Finding, page
from hendrix.cli.doctor.judgements import Facts, findings
from hendrix.cli.load import DEFAULT, Sourced
from hendrix.cli.options import ProjectOptions
from hendrix.cli.quantity import duration
from hendrix.cli.trial import Verdict, put_on_trial
from hendrix.core.config import GROUPS, OPTIONS, Config
from hendrix.core.errors import HendrixError, UsageError
from hendrix.supervisor.origin import Origin

_WIDTH = 80
_NAME = 26
_VALUE = 22


def check(sourced: Sourced, switches: Switches) -> int:
    """Returns 0, or 1 where something is found that is to stop a deployment.

    Raises ``UsageError`` for wrong options and ``ProjectError`` where the project does not load.
    """
    options = ProjectOptions(sourced, Origin.now())
    verdict, fault = None, None
    try:
        verdict = put_on_trial(options.known(), options.merged)
        if verdict.settings:
            options.merged(verdict.settings)
    except HendrixError as error:
        fault = error
    fault = fault or (verdict.failure if verdict else None)
    found = findings(Facts(options.latest.config, verdict.looked)) if verdict and verdict.looked else []
    _show(options.latest, verdict, fault, found, as_json="json" in switches)
    if fault:
        raise fault
    return int(any(one.level == ERROR or "strict" in switches for one in found))


def _show(
    sourced: Sourced, verdict: Verdict | None, fault: HendrixError | None, found: list[Finding], *, as_json: bool
) -> None:
    if as_json:
        plain = {**_plain(sourced, verdict, fault), "findings": [asdict(one) for one in found]}
        text = json.dumps(plain, indent=2)
    else:
        text = _page(sourced, verdict, fault, found)
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()


def _plain(sourced: Sourced, verdict: Verdict | None, fault: HendrixError | None) -> dict[str, Any]:
    told = {name: {"value": _shown_value(sourced, name), "source": sourced.sources[name]} for name in OPTIONS}
    return {
        "ok": fault is None,
        "problem": str(fault) if fault else "",
        "traceback": getattr(fault, "traceback", ""),
        "warnings": _warnings(sourced, verdict),
        "seconds": verdict.seconds if verdict else None,
        "interface": verdict.interface if verdict else {},
        "resources": verdict.resources if verdict else {},
        "files": verdict.files if verdict else {},
        "options": told,
    }


def _shown_value(sourced: Sourced, name: str) -> Any:
    value = getattr(sourced.config, name)
    return OPTIONS[name].spelled(value) if OPTIONS[name].secret else value


def _page(sourced: Sourced, verdict: Verdict | None, fault: HendrixError | None, finds: list[Finding]) -> str:
    lines: list[str] = []
    for group, title in GROUPS.items():
        names = [name for name in OPTIONS if OPTIONS[name].group == group]
        lines += [title, *(line for name in names for line in _row(sourced, name)), ""]
    if verdict:
        lines += _interface(verdict.interface)
        lines += [one_line(f"resource: {path} is {name}") for path, name in verdict.resources.items()]
        lines += [one_line(f"files: {path} is {origin}") for path, origin in verdict.files.items()]
    warnings = _warnings(sourced, verdict)
    lines += [f"warning: {one_line(text)}" for text in warnings]
    lines += page(finds)
    if verdict and not fault:
        name = sourced.config.subject
        found = f", with {len(warnings)} warnings" if warnings else ""
        found += f"; {len(finds)} findings for a deployment" if finds else ""
        lines.append(f"{one_line(name)} loads in {duration(verdict.seconds)}{found}")
    return "\n".join(lines)


def _warnings(sourced: Sourced, verdict: Verdict | None) -> list[str]:
    """What the project was told, and what is asked for and not there."""
    from hendrix.answer.compress.coders import advice, missing  # noqa: PLC0415 - only where it is wanted
    from hendrix.answer.files.roots import Roots  # noqa: PLC0415

    config = sourced.config
    told = list(verdict.warnings) if verdict else []
    told += [f"compress: {advice(coding)}" for coding in missing(config.codings)]
    told += _certificates(replace(config, domain=()))  # those that come by themselves are looked after
    told += _unreachable(config)
    gone = [root.directory for root in Roots(config.sendfile_root).all if not os.path.isdir(root.directory)]
    return told + [f"sendfile_root: {directory} is no directory; nothing can be sent from it" for directory in gone]


def _certificates(config: Config) -> list[str]:
    """Those of the options' files that could not be served, or not for long. One that is still to be made is none."""
    if not config.secure or (config.https and not all(map(os.path.exists, config.cert))):
        return []
    from hendrix.supervisor import material  # noqa: PLC0415 - only with certificates
    from hendrix.tls.pairs import pairs, warnings  # noqa: PLC0415 - imports cryptography

    try:
        if not config.key_password_file and material.encrypted(config):
            return []  # asked for at the start
        found = pairs(material.read(config, ()), now := time.time())
    except UsageError as error:
        return [f"https: {error}"]
    return [f"https: {text}" for text in warnings([pair.certificate for pair in found], now)]


def _unreachable(config: Config) -> list[str]:
    """An authority comes from outside to look for our proof."""
    places = [place for place in config.bind if not place.startswith(("127.", "localhost:", "[::1]:"))]
    if not config.domains or config.dns_hook or places or not config.bind:
        return []
    return [f"domain: only this machine can connect to {config.bind[0]}: no authority can see that names are yours"]


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
