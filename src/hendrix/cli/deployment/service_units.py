"""The units of the service, as ``hx service`` makes them, for systemd of whichever version is there."""

from __future__ import annotations

from dataclasses import replace

from hendrix.cli.deployment.plan import Plan
from hendrix.cli.deployment.rendered import Rendered
from hendrix.cli.units import systemd
from hendrix.cli.units.placing import MARK


def units(plan: Plan, folder: str) -> list[Rendered]:
    """Below ``folder/units``; and below ``folder/units-before-253`` as they were without ``Type=notify-reload``."""
    # There is a file of variables in any case: the user may name some that the configuration does not.
    service = replace(plan.service, environment=plan.service.environment or {"": ""})
    marks = (MARK, f"By hx deploy, {plan.mark}")
    files = []
    for kind, version in (("units", systemd.NOTIFY_RELOAD), ("units-before-253", systemd.NOTIFY_RELOAD - 1)):
        files.append(Rendered(f"{folder}/{kind}/{service.name}.service", systemd.unit(service, marks, version)))
        if service.low_ports:
            files.append(Rendered(f"{folder}/{kind}/{service.name}.socket", systemd.socket_unit(service, marks)))
    return files


def unit_names(plan: Plan) -> list[str]:
    """Those to be started, in order."""
    sockets = [f"{plan.service.name}.socket"] if plan.service.low_ports else []
    return [*sockets, f"{plan.service.name}.service"]
