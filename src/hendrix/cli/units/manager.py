"""What starts services here: systemd, or scripts in ``/etc/init.d``."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable

from hendrix.cli.units import initd, systemd
from hendrix.cli.units.placing import MARK, Placed
from hendrix.cli.units.service import Service, folder
from hendrix.core.errors import HendrixError

#: Where units and scripts are, below ``--root``.
UNITS = "etc/systemd/system"
SCRIPTS = "etc/init.d"
VARIABLES = "etc/hendrix"


def is_systemd() -> bool:
    """Is it the one that runs (sd_booted(3))?"""
    return os.path.isdir("/run/systemd/system")


def files(service: Service, *, init: bool, root: str = "/") -> list[Placed]:
    """The files that make it a service."""
    marks: tuple[str, ...] = (MARK, f"From {service.source}")
    variables = marks
    marks += (f"With the options {service.digest}",) if service.digest else ()
    placed = []
    if service.variables:
        placed.append(Placed(_variables(root, service.name), 0o600, _assigned(service, variables)))
    if init:
        return [*placed, Placed(os.path.join(root, SCRIPTS, service.name), 0o755, initd.script(service, marks))]
    unit = systemd.unit(service, marks, systemd.version())
    placed.append(Placed(_unit(root, service.name, "service"), 0o644, unit))
    if service.low_ports:
        placed.append(Placed(_unit(root, service.name, "socket"), 0o644, systemd.socket_unit(service, marks)))
    return placed


def paths(name: str, root: str = "/") -> list[str]:
    """All that a service of this name may have made."""
    units = [_unit(root, name, "service"), _unit(root, name, "socket")]
    return [*units, os.path.join(root, SCRIPTS, name), _variables(root, name)]


def _variables(root: str, name: str) -> str:
    return os.path.join(root, VARIABLES, f"{name}.env")


def _assigned(service: Service, marks: Iterable[str]) -> str:
    """As systemd and the shell both read it (systemd.exec(5), EnvironmentFile)."""
    quoted = {name: re.sub(r'(["\\$`])', r"\\\1", value) for name, value in service.variables.items()}
    return "".join((*(f"# {mark}\n" for mark in marks), *(f'{name}="{value}"\n' for name, value in quoted.items())))


def _unit(root: str, name: str, kind: str) -> str:
    return os.path.join(root, UNITS, f"{name}.{kind}")


def enable(service: Service, *, init: bool, changed: Collection[str], tell: Callable[[str], None]) -> None:
    """Have it started now and at each boot; anew where files have ``changed``, by path. Raises ``HendrixError``."""
    if init:
        if shutil.which("update-rc.d"):
            _run("update-rc.d", service.name, "defaults", tell=tell)
        if changed:
            _run(f"/{SCRIPTS}/{service.name}", "stop", tell=tell)
        _run(f"/{SCRIPTS}/{service.name}", "start", tell=tell)
        return
    _run("systemctl", "daemon-reload", tell=tell)
    if service.low_ports:
        socket = f"{service.name}.socket"
        moved = _unit("/", service.name, "socket") in changed
        if moved:  # systemd opens it anew for nobody who has it
            _run("systemctl", "stop", f"{service.name}.service", tell=tell)
        _run("systemctl", "enable", socket, tell=tell)
        _run("systemctl", "restart" if moved else "start", socket, tell=tell)
    _run("systemctl", "enable", f"{service.name}.service", tell=tell)
    _run("systemctl", "restart" if changed else "start", f"{service.name}.service", tell=tell)


def disable(name: str, there: list[str], tell: Callable[[str], None]) -> None:
    """End it, now and for good. ``there`` are its files. Raises ``HendrixError``."""
    for path in there:
        if path.endswith((".service", ".socket")):
            if is_systemd():
                _run("systemctl", "disable", "--now", os.path.basename(path), tell=tell)
        elif SCRIPTS in path:
            _run(path, "stop", tell=tell)
            if shutil.which("update-rc.d"):
                _run("update-rc.d", "-f", name, "remove", tell=tell)
            with contextlib.suppress(OSError):  # the script has made it
                os.rmdir(f"/run/{folder(name)}")


def starts_at_boot(*, init: bool) -> bool:
    """Is there what does that?"""
    return not init or shutil.which("update-rc.d") is not None


def forget(tell: Callable[[str], None]) -> None:
    """Its files are gone."""
    if is_systemd():
        _run("systemctl", "daemon-reload", tell=tell)


def _run(*words: str, tell: Callable[[str], None]) -> None:
    tell(" ".join(words))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise HendrixError(f"{' '.join(words)} failed: {said[-1] if said else f'exit status {done.returncode}'}")
