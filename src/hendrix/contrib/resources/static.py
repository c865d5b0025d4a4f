"""A Django project's files as resources. ``hx start`` serves them without; these are for who names them explicitly.

``DefaultDjangoStaticResource`` and ``DjangoAdminStaticResource`` are made when they are asked for, from the settings
of that moment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlparse

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from twisted.web import pages
from twisted.web.resource import Resource

from hendrix.answer.files.entry import SANDBOX
from hendrix.answer.files.types import content_type, inert, media_type
from hendrix.facilities.resources import DjangoStaticResource, MediaResource, is_hidden


class FoundStatics(Resource):
    """What the project's finders find, file by file in their order."""

    isLeaf = True  # noqa: N815 - the name is that of twisted.web

    def __init__(self, namespace: str) -> None:
        super().__init__()
        self.namespace = namespace

    def render(self, request: Any) -> Any:
        """See ``IResource.render``."""
        # A part may hold slashes, which were escaped.
        name = b"/".join(request.postpath)
        hidden = any(map(is_hidden, name.split(b"/")))
        try:
            path = None if hidden else finders.find(os.fsdecode(name))
        except (SuspiciousOperation, ValueError):  # it leaves the directory
            path = None
        found: Any = MediaResource(path) if path is not None else pages.notFound()
        if path is not None and os.path.isdir(path):
            found = pages.forbidden(message="Directories are not listed.")
        return found.render(request)


class Uploads(MediaResource):
    """What strangers have written, as ``hx start`` serves it: no link is followed, and nothing of it runs."""

    def getChild(self, path: bytes, request: Any) -> Any:
        """See ``static.File.getChild``."""
        child = super().getChild(path, request)
        linked = isinstance(child, Uploads) and child.islink()
        return self.childNotFound if linked else child

    def render_GET(self, request: Any) -> Any:
        """See ``static.File.render_GET``."""
        self.type, self.encoding = content_type(self.basename()), None
        if not inert(media_type(self.basename())):
            request.setHeader(b"content-security-policy", SANDBOX.encode())
        return super().render_GET(request)


class DjangoStaticsFinder:
    """All files of the project: uploads, and statics as the finders find them with ``DEBUG``, else as collected."""

    @staticmethod
    def get_resources() -> Iterator[Any]:
        """One resource for each place."""
        if settings.MEDIA_ROOT and _place(settings.MEDIA_URL):
            yield Uploads(settings.MEDIA_ROOT, namespace=_place(settings.MEDIA_URL))
        # Files that a pipeline makes are only where they were collected.
        made = "pipeline.finders.PipelineFinder" in settings.STATICFILES_FINDERS
        if settings.DEBUG and not made:
            yield FoundStatics(_static_place())
        else:
            yield _collected()


def _collected() -> MediaResource:
    if not settings.STATIC_ROOT:
        raise ImproperlyConfigured("STATIC_ROOT is not set; set it to the directory that collectstatic fills")
    return DjangoStaticResource(settings.STATIC_ROOT, _static_place())


def _of_admin() -> MediaResource:
    from django.contrib import admin  # noqa: PLC0415 - only where it is asked for

    return DjangoStaticResource(os.path.join(admin.__path__[0], "static", "admin"), f"{_static_place()}/admin")


def _static_place() -> str:
    place = _place(settings.STATIC_URL)
    if not place:
        raise ImproperlyConfigured("STATIC_URL is no path of this server; set it to one such as static/")
    return place


def _place(url: str | None) -> str:
    """The path that ``url`` names, without its slashes; empty where it is another server's, or the whole of this."""
    parsed = urlparse(url or "")
    return "" if parsed.netloc else parsed.path.strip("/")


_MADE: dict[str, Callable[[], MediaResource]] = {
    "DefaultDjangoStaticResource": _collected,
    "DjangoAdminStaticResource": _of_admin,
}


def __getattr__(name: str) -> Any:
    if name not in _MADE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _MADE[name]()
