"""What a settings module names to run beside the project."""

from __future__ import annotations

from typing import Any

from hendrix.core.references import described
from hendrix.worker import wanted
from hendrix.worker.resources import imported, mounts_of


def get_additional_resources(settings_module: Any) -> list[Any]:
    """The resources of ``HENDRIX_CHILD_RESOURCES``, in its order. Raises ``ProjectError``."""
    setting = getattr(settings_module, "HENDRIX_CHILD_RESOURCES", ())
    names = described(setting, "")
    return [mount.resource for name in names for mount in mounts_of(imported(name, setting), name)]


def get_additional_services(settings_module: Any) -> list[tuple[str, Any]]:
    """The services of ``HENDRIX_SERVICES``, made anew: ``(name, service)`` in its order. Raises ``ProjectError``."""
    setting = getattr(settings_module, "HENDRIX_SERVICES", ())
    named = wanted.load(described(setting, ""), "HENDRIX_SERVICES", setting)
    return [(one.name, one.make()) for one in named]
