"""The resources that a project names: imported, and asked for their places. Twisted's web server is imported here."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Any

from twisted.web.resource import IResource

from hendrix.answer.mounts import Mount, Mounts, segments_of
from hendrix.core import references
from hendrix.core.errors import ProjectError
from hendrix.core.events import WARNING, emit
from hendrix.worker.fault import projects_fault

#: Where what stands in settings itself is to be found.
_SETTINGS = "django.conf:"
#: So deep may factories give factories.
_DEEPEST = 4


def load_mounts(names: Iterable[str], things: Iterable[Any] = ()) -> Mounts:
    """``names`` are ``module.attr`` or ``module:attr`` (setting ``HENDRIX_CHILD_RESOURCES``, option ``resources``).

    Each is a resource, a class or factory of one, a klein app, or has ``get_resources()``, and so are ``things``, or
    pairs of a namespace and one. Raises ``ProjectError``.
    """
    found = [(imported(name), name) for name in names]
    found += map(_called, things)
    mounts = Mounts(mount for thing, name in found for mount in mounts_of(thing, name))
    for before, after in mounts.overridden:
        advice = "give each resource a namespace of its own"
        emit("resource.overridden", WARNING, path=after.path, by=after.name, was=before.name, advice=advice)
    return mounts


def _called(thing: Any) -> tuple[Any, str]:
    """A thing of a script's, and what it is called in messages, with its namespace if that is told beside it."""
    pair = isinstance(thing, tuple | list) and len(thing) == 2 and isinstance(thing[0], str)
    place, found = thing if pair else ("", thing)
    name = f"options['resources'] {type(found).__name__}"
    return found, f"{place}={name}" if place else name


def mounts_of(found: Any, name: str) -> list[Mount]:
    """The resources that ``found`` is or gives, at their namespaces or at the one that ``name`` says.

    ``name`` is what it is called in messages, ``path`` or ``namespace=path``. Raises ``ProjectError``.
    """
    place, _, path = name.rpartition("=")
    name = path.removeprefix(_SETTINGS)
    with projects_fault(f"HENDRIX_CHILD_RESOURCES: {name} does not give its resources"):
        return [
            Mount(segments_of(place or namespace, name), resource, name)
            for resource, namespace in _resources(found, place or None, name, _DEEPEST)
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


def imported(name: str, things: Any = None) -> Any:
    """What ``name`` (``module.attr``, ``module:attr`` or ``namespace=module.attr``) is. Raises ``ProjectError``.

    A path that begins with a dot leads into ``things``.
    """
    path = name.rpartition("=")[2]
    if path.startswith("."):
        return references.found(things, path[1:])
    module_name, _, attribute = path.partition(":") if ":" in path else path.rpartition(".")
    with projects_fault(f"HENDRIX_CHILD_RESOURCES: {path.removeprefix(_SETTINGS)} does not import"):
        return references.found(importlib.import_module(module_name), attribute)
