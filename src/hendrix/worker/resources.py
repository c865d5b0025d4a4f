"""The resources that a project names: imported, and asked for their places. Twisted's web server is imported here."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Any

from twisted.web.resource import IResource

from hendrix.answer.mounts import Mount, Mounts, segments_of
from hendrix.core.errors import ProjectError
from hendrix.core.events import WARNING, emit
from hendrix.worker.fault import projects_fault

#: So deep may factories give factories.
_DEEPEST = 4


def load_mounts(names: Iterable[str]) -> Mounts:
    """``names`` are ``module.attr`` or ``module:attr`` (setting ``HENDRIX_CHILD_RESOURCES``, option ``resources``).

    Each is a resource, a class or factory of one, a klein app, or has ``get_resources()``. Raises ``ProjectError``.
    """
    mounts = Mounts(mount for name in names for mount in mounts_of(imported(name), name))
    for before, after in mounts.overridden:
        advice = "give each resource a namespace of its own"
        emit("resource.overridden", WARNING, path=after.path, by=after.name, was=before.name, advice=advice)
    return mounts


def mounts_of(found: Any, name: str) -> list[Mount]:
    """The resources that ``found`` is or gives. ``name`` is what it is called in messages. Raises ``ProjectError``."""
    with projects_fault(f"HENDRIX_CHILD_RESOURCES: {name} does not give its resources"):
        return [
            Mount(segments_of(namespace, name), resource, name)
            for resource, namespace in _resources(found, getattr(found, "namespace", None), name, _DEEPEST)
        ]


def _resources(found: Any, namespace: Any, name: str, depth: int) -> Iterator[tuple[Any, Any]]:
    namespace = getattr(found, "namespace", namespace)
    if IResource.providedBy(found):
        if namespace is None:
            raise ProjectError(
                f"HENDRIX_CHILD_RESOURCES: {name} has no namespace; give it one, such as namespace = 'api'"
            )
        yield found, namespace
        return
    given = _given(found, name, depth)
    for each in given if isinstance(given, Iterable) and not IResource.providedBy(given) else (given,):
        yield from _resources(each, namespace, name, depth - 1)


def _given(found: Any, name: str, depth: int) -> Any:
    """What something gives that is no resource itself."""
    if depth and not isinstance(found, type):
        for method in ("get_resources", "resource"):  # the latter is klein's
            if callable(getattr(found, method, None)):
                return getattr(found, method)()
    if depth and callable(found):
        return found()
    kind = type(found).__name__
    raise ProjectError(
        f"HENDRIX_CHILD_RESOURCES: {name} is {kind}, and must be a resource of twisted.web, a class or function that"
        " gives one, or have get_resources()"
    )


def imported(name: str) -> Any:
    """What ``name`` (``module.attr`` or ``module:attr``) is. Raises ``ProjectError``."""
    module_name, _, attribute = name.partition(":") if ":" in name else name.rpartition(".")
    with projects_fault(f"HENDRIX_CHILD_RESOURCES: {name} does not import"):
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    return found
