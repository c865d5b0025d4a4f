"""Where a Django project's static files and uploads are, and at which paths, out of its settings."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from hendrix.answer.files.hashed import is_named_by_content
from hendrix.answer.files.opening import OpenFile
from hendrix.answer.files.place import Place
from hendrix.answer.files.source import Search, Source, Tree, Uploads
from hendrix.answer.files.table import FileTable
from hendrix.answer.mounts import Mounts
from hendrix.core.config import Config
from hendrix.core.events import WARNING, emit

#: Seconds for which it is believed what files there are, where nobody edits them.
_INTERVAL = 1.0


def find_places(config: Config, mounts: Mounts | None = None) -> tuple[Place, ...]:
    """What is served without the project; nothing where no Django project was set up in this process.

    ``mounts`` are the resources beside it. Settings that make no sense for files are no reason not to serve the rest.
    """
    if "django" not in sys.modules:
        return ()
    from django.apps import apps  # noqa: PLC0415

    if not apps.ready:
        return ()
    wanted = (
        ("static", config.static, lambda: _static(config)),
        ("media", config.media, lambda: _media(config, mounts)),
    )
    return tuple(place for name, asked, make in wanted if asked and (place := _tried(name, make)) is not None)


def _tried(name: str, make: Callable[[], Place | None]) -> Place | None:
    try:
        return make()
    except Exception as error:
        emit("files.not_served", WARNING, what=name, reason=str(error))
        return None


def _edited(config: Config) -> bool:
    """May files change between one request and the next, since somebody works on them?"""
    from django.conf import settings  # noqa: PLC0415

    return config.dev or bool(settings.DEBUG)


def _cache_control(config: Config) -> str:
    seconds = 0 if _edited(config) else int(config.static_max_age)
    return f"public, max-age={seconds}" if seconds else "no-cache"


# --- static files ---------------------------------------------------------------------------------------------


def _static(config: Config) -> Place | None:
    prefixes = _prefixes("STATIC_URL", config)
    edited = _edited(config)
    interval = 0.0 if edited else _INTERVAL
    sources, collected, origin = _static_sources(interval, edited=edited) if prefixes else ([], False, "")
    if not sources:
        return None
    return Place(
        name="static",
        prefixes=prefixes,
        sources=sources,
        interval=interval,
        cache_control=_cache_control(config),
        immutable=(lambda _name, _file: False) if edited else _immutable(config),
        siblings=not edited,
        squeezed=config.static_compress and collected and not edited,
        origin=origin,
    )


def _static_sources(interval: float, *, edited: bool) -> tuple[list[Source], bool, str]:
    """Where from, whether that is only what was collected, and how to say so."""
    from django.apps import apps  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    root = os.path.abspath(settings.STATIC_ROOT) if settings.STATIC_ROOT else ""
    if root and _holds_project(root):
        emit("static.not_served", WARNING, reason=f"STATIC_ROOT {root} holds the project itself, or its database")
        root = ""
    collected = _tree(root, interval) if root else None
    full = collected is not None and len(collected.table) > 0
    with_finders = apps.is_installed("django.contrib.staticfiles")
    if collected is not None and (not with_finders or (full and not edited)):
        return [collected], True, f"{root} ({len(collected.table)} files)"
    if not with_finders:
        return [], False, ""
    origin = "the apps and STATICFILES_DIRS"
    if not edited:
        reason = f"there is nothing in STATIC_ROOT {root}" if root else "STATIC_ROOT is not set"
        advice = "they are served from the apps; run manage.py collectstatic"
        emit("static.not_collected", WARNING, reason=reason, advice=advice)
        origin += f", as {reason}"
    # Names with a hash, which a manifest storage makes without DEBUG, are only where they were collected.
    return [*_finders(interval), *([collected] if collected else [])], False, origin


def _finders(interval: float) -> Iterator[Source]:
    from django.apps import apps  # noqa: PLC0415
    from django.contrib.staticfiles import finders  # noqa: PLC0415

    for finder in finders.get_finders():
        if type(finder) is finders.FileSystemFinder:
            for prefix, root in finder.locations:
                yield _tree(str(root), interval, f"{prefix}/" if prefix else "")
        elif type(finder) is finders.AppDirectoriesFinder:
            # Of all apps: a directory may be made while the server runs.
            for app in apps.get_app_configs():
                yield _tree(os.path.join(app.path, finder.source_dir), interval)
        else:
            yield Search(_finding(finder))


def _tree(root: str, interval: float, prefix: str = "") -> Tree:
    """Without the uploads, where they are below it: no rule that holds for them would hold for static files."""
    from django.conf import settings  # noqa: PLC0415

    uploads = os.path.realpath(settings.MEDIA_ROOT) if settings.MEDIA_ROOT else ""
    within = os.path.relpath(uploads, os.path.realpath(root)) if uploads else ".."
    but = "" if within.split(os.sep)[0] in (os.curdir, os.pardir) else within + "/"
    if but:
        advice = "they are served at MEDIA_URL only; give them a directory beside the other"
        emit("static.holds_media", WARNING, reason=f"the uploads of MEDIA_ROOT {uploads} are in {root}", advice=advice)
    return Tree(FileTable(root, interval).read(), prefix, but)


def _finding(finder: Any) -> Callable[[str], str | None]:
    def find(name: str) -> str | None:
        found = finder.find(name)
        return found if isinstance(found, str) and found else None

    return find


def _immutable(config: Config) -> Callable[[str, OpenFile], bool]:
    """The names that the manifest storage made, those that hold the hash of their content, those that are said to."""
    names = _hashed_names()
    said = re.compile(config.static_immutable) if config.static_immutable else None

    def immutable(name: str, file: OpenFile) -> bool:
        return name in names or bool(said and said.search(name)) or is_named_by_content(name, file)

    return immutable


def _hashed_names() -> frozenset[str]:
    from django.apps import apps  # noqa: PLC0415

    if not apps.is_installed("django.contrib.staticfiles"):
        return frozenset()
    from django.contrib.staticfiles.storage import staticfiles_storage  # noqa: PLC0415

    # Whatever the storage is, it may have none; and a broken manifest is told by the first page that needs it.
    try:
        return frozenset(getattr(staticfiles_storage, "hashed_files", {}).values())
    except Exception:
        return frozenset()


# --- uploads --------------------------------------------------------------------------------------------------


def _media(config: Config, mounts: Mounts | None) -> Place | None:
    from django.conf import settings  # noqa: PLC0415

    prefixes = _prefixes("MEDIA_URL", config)
    if not prefixes or not settings.MEDIA_ROOT:
        return None
    root = os.path.abspath(settings.MEDIA_ROOT)
    if _holds_project(root):
        emit("media.not_served", WARNING, reason=f"MEDIA_ROOT {root} holds the project itself, or its database")
        return None
    from hendrix.worker.claims import claims  # noqa: PLC0415 - imports Django

    return Place(
        name="media",
        prefixes=prefixes,
        sources=[Uploads(root, links=config.media_links)],
        interval=0.0 if _edited(config) else _INTERVAL,
        cache_control=_cache_control(config),
        untrusted=True,
        claimed=_claims(claims(root), mounts),
        origin=f"{root} (uploads, for everybody to read)",
    )


def _claims(of_urls: Callable[[str], bool], mounts: Mounts | None) -> Callable[[str], bool]:
    """Resources decide who may read what below their place too, but for those that only serve a directory."""
    if mounts is None:
        return of_urls

    def claimed(path: str) -> bool:
        mount = mounts.find(quote(path).encode())
        return of_urls(path) or (mount is not None and not hasattr(mount.resource, "putDelegate"))

    return claimed


# --- both -----------------------------------------------------------------------------------------------------


def _prefixes(setting: str, config: Config) -> tuple[bytes, ...]:
    """The paths at which files are asked for, without the prefix that a proxy takes off, and with it, if it does not.

    None where the setting names another host, or is the root of this one, as Django's default of MEDIA_URL.
    """
    from django.conf import settings  # noqa: PLC0415

    # Not from ``settings`` itself, which would remember the value with the script prefix of the moment.
    url = urlsplit(str(getattr(settings._wrapped, setting, None) or ""))
    path = quote(url.path, safe="/%~!*()'$&+,;=:@").strip("/")
    if url.netloc or url.scheme or not path:
        return ()
    root = (config.root_path or settings.FORCE_SCRIPT_NAME or "").strip("/")
    bare = path.removeprefix(f"{root}/") if root else path
    found = [f"/{bare}/", *([f"/{root}/{bare}/"] if root else []), f"/{path}/"]
    return tuple(dict.fromkeys(each.encode() for each in found))


def _holds_project(root: str) -> bool:
    """Would the project's own code, or its database, be served? Then somebody has set the wrong directory."""
    from django.conf import settings  # noqa: PLC0415

    module = sys.modules.get(getattr(settings, "SETTINGS_MODULE", "") or "")
    inside = [os.getcwd(), *([os.path.dirname(module.__file__)] if module and module.__file__ else [])]
    inside += [str(base["NAME"]) for base in settings.DATABASES.values() if "sqlite" in base.get("ENGINE", "")]
    root = os.path.realpath(root)
    return any(os.path.commonpath((root, os.path.realpath(path))) == root for path in inside)
