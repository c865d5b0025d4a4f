"""The services that options and settings name: imported with the project, made in each worker."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twisted.application.service import IService

from hendrix.core.errors import ProjectError
from hendrix.core.references import found
from hendrix.worker.fault import projects_fault


@dataclass(frozen=True, slots=True)
class Wanted:
    """One entry. ``thing`` is a service, a class or a factory of one; ``source`` says where it stands."""

    name: str
    thing: Any
    source: str

    @property
    def once(self) -> bool:
        """Does it run in one worker at a time?"""
        return bool(getattr(self.thing, "once", False))

    def make(self) -> Any:
        """The service. Raises ``ProjectError``."""
        made = self.thing
        if isinstance(made, type) or (callable(made) and not _is_service(made)):
            with projects_fault(f"{self.source} cannot be made"):
                made = made()
        if not _is_service(made):
            raise ProjectError(f"{self.source} is {type(made).__name__}, and no Twisted service (IService)")
        service: Any = IService(made, made)
        if self.name and not getattr(service, "running", False):
            service.setName(self.name)
        return service


def _is_service(thing: object) -> bool:
    return not isinstance(thing, type) and (
        IService(thing, None) is not None or all(hasattr(thing, name) for name in ("startService", "stopService"))
    )


def load(entries: Iterable[str], source: str, things: Any = None) -> list[Wanted]:
    """What ``entries`` (``path`` or ``name=path``) of the option or setting ``source`` name. ``ProjectError``.

    A path that begins with a dot leads into ``things``.
    """
    return [_load(entry, source, things) for entry in entries]


def _load(entry: str, source: str, things: Any) -> Wanted:
    name, _, path = entry.rpartition("=")
    source = f"{source}: service {entry.removeprefix('django.conf:')}"
    module, colon, attribute = path.partition(":")
    if not colon:
        module, _, attribute = path.rpartition(".")
    with projects_fault(f"{source} does not import"):
        if path.startswith("."):
            return Wanted(name, found(things, path[1:]), source)
        return Wanted(name, found(importlib.import_module(module), attribute), source)
