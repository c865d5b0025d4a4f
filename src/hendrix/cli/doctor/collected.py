"""The probe of static files: what was collected, beside what it was collected from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from hendrix.cli.doctor.facts import Collected

#: Files that are looked at; a project with more has the first of them judged.
_MOST = 50_000


def collected() -> Collected:
    """By the rule of ``collectstatic``: a file is due where its source is younger."""
    from django.apps import apps  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    if not apps.is_installed("django.contrib.staticfiles"):
        return Collected(used=False)
    from django.contrib.staticfiles.storage import staticfiles_storage  # noqa: PLC0415

    root = os.path.abspath(settings.STATIC_ROOT) if settings.STATIC_ROOT else ""
    manifest = hasattr(staticfiles_storage, "hashed_files") and hasattr(staticfiles_storage, "read_manifest")
    if not _is_local(staticfiles_storage):
        return Collected(used=False)  # elsewhere, for others to serve
    sources = dict(_sources())
    there = bool(root) and os.path.isdir(root) and any(os.scandir(root))
    if not there:
        return Collected(True, root, False, manifest, False, len(sources))
    listed, manifest_there = _listed(staticfiles_storage) if manifest else (dict.fromkeys(sources, ""), True)
    absent, stale = _compared(root, sources, listed)
    missed = [name for name in sources if name not in listed and name not in absent]
    unlisted = sorted(missed) if manifest_there else []
    return Collected(True, root, True, manifest, manifest_there, len(sources), absent, stale, unlisted)


def _is_local(storage: Any) -> bool:
    """Is it a folder of this machine?"""
    from django.core.files.storage import FileSystemStorage  # noqa: PLC0415

    return isinstance(storage, FileSystemStorage)


def _sources() -> Iterator[tuple[str, str]]:
    """Name and path, as ``collectstatic`` finds them: the first of each name counts."""
    from django.contrib.staticfiles import finders  # noqa: PLC0415

    found: dict[str, str] = {}
    for finder in finders.get_finders():
        for path, storage in finder.list(["CVS", ".*", "*~"]):
            prefix = getattr(storage, "prefix", None)
            found.setdefault(os.path.join(prefix, path) if prefix else path, storage.path(path))
            if len(found) >= _MOST:
                break
    yield from found.items()


def _compared(root: str, sources: dict[str, str], listed: dict[str, str]) -> tuple[list[str], list[str]]:
    """Those that were not collected, and those that have changed since. WhiteNoise can leave only those whose names
    have a hash, which are ``listed``."""
    absent, stale = [], []
    for name, path in sorted(sources.items()):
        made = _moment(os.path.join(root, name)) or _moment(os.path.join(root, listed.get(name) or name))
        if not made:
            absent.append(name)
        elif _moment(path) > made:
            stale.append(name)
    return absent, stale


def _moment(path: str) -> int:
    """Of its last change, in whole seconds, as some file systems have no other; 0 where it is not there."""
    try:
        return int(os.stat(path).st_mtime)
    except OSError:
        return 0


def _listed(storage: Any) -> tuple[dict[str, str], bool]:
    """What the manifest says, and whether there is one."""
    try:
        there = storage.read_manifest() is not None
    except OSError:
        there = False
    return dict(storage.hashed_files), there
