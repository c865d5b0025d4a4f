"""Django's own handlers for static files and uploads, as ``--dev`` puts them before the project."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlparse

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from django.urls import is_valid_path
from django.views.static import serve


def statics() -> Files | None:
    """Static files at ``STATIC_URL``, if the project uses them and that is a path of this server.

    Raises ``ImproperlyConfigured`` where the settings contradict each other.
    """
    used = "django.contrib.staticfiles" in settings.INSTALLED_APPS and _is_place(settings.STATIC_URL)
    return _Statics(None) if used else None


def uploads() -> Files | None:
    """Files of ``MEDIA_ROOT`` at ``MEDIA_URL``, where the project has no URL of its own."""
    return _Uploads(None) if settings.MEDIA_ROOT and _is_place(settings.MEDIA_URL) else None


def _is_place(url: str | None) -> bool:
    """A path of this server, and not the whole of it (Django's default of MEDIA_URL)."""
    parsed = urlparse(url or "")
    return not parsed.netloc and parsed.path.strip("/") != ""


class Files(StaticFilesHandler):  # type: ignore[misc]
    """A WSGI application of files, told to browsers as what they must ask for each time: one has just been edited."""

    def handles(self, path: str) -> bool:
        """Is there to be a file at ``path``?"""
        return bool(self._should_handle(path))

    def serve(self, request: Any) -> Any:
        try:
            response = self._found(request, self.file_path(request.path))
        except SuspiciousOperation as error:  # a path that leaves the directory
            raise Http404(str(error)) from None
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    def _found(self, request: Any, path: str) -> Any:
        raise NotImplementedError


class _Statics(Files):
    def _found(self, request: Any, path: str) -> Any:
        try:
            return self._from_apps(request)
        except Http404:
            # The finders keep what they found at first; the app's directory may have been made since.
            finders.get_finder.cache_clear()
        try:
            return self._from_apps(request)
        except Http404:
            # Names with a hash, which a manifest storage makes without DEBUG, are only where they were collected.
            if not settings.STATIC_ROOT:
                raise
        return serve(request, path, document_root=settings.STATIC_ROOT)

    def _from_apps(self, request: Any) -> Any:
        return super(Files, self).serve(request)


class _Uploads(Files):
    def get_base_url(self) -> str:
        return cast("str", settings.MEDIA_URL)

    def _should_handle(self, path: str) -> bool:
        return bool(super()._should_handle(path)) and not is_valid_path(path)

    def _found(self, request: Any, path: str) -> Any:
        return serve(request, path, document_root=settings.MEDIA_ROOT)
