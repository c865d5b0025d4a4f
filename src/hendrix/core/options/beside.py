"""Beside the site."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Beside:
    """Beside the site."""

    resources: tuple[str, ...] = option(
        (),
        values.resource,
        "resource of twisted.web to mount beside the site: module.attr or path=module.attr; may be given again",
        metavar="RESOURCE",
        repeat=True,
        setting="HENDRIX_CHILD_RESOURCES",
    )
    services: tuple[str, ...] = option(
        (),
        values.service,
        "Twisted service to run beside the site: module.Class or name=module.Class; may be given again",
        metavar="SERVICE",
        repeat=True,
        setting="HENDRIX_SERVICES",
    )
