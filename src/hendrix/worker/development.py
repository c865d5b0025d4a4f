"""What ``--dev`` adds to a Django project: its files served without ``collectstatic``, and no silent exceptions.

Static files come from where the apps have them, by Django's own handler and whatever ``DEBUG`` says. Uploads are
served where the project has no view of its own for them. Not for the open Internet: it is done in Python, uncached.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hendrix.core.events import ERROR, WARNING, emit
from hendrix.observe.shown import is_shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hendrix.worker.django_files import Files


def files() -> list[Files]:
    """The project's static files and uploads, the ones asked first in front. None where it is no Django project."""
    if not _is_django():
        return []
    from hendrix.worker import django_files  # noqa: PLC0415 - imports Django

    return [found for make in (django_files.statics, django_files.uploads) if (found := _tried(make)) is not None]


def tell_exceptions() -> None:
    """Have the exceptions of views in the log even where the project's ``LOGGING`` shows them nowhere."""
    if _is_django():
        from django.core.signals import got_request_exception  # noqa: PLC0415

        got_request_exception.connect(_tell, dispatch_uid="hendrix.development")


def _is_django() -> bool:
    """Is there a Django project in this process that was set up?"""
    if "django" not in sys.modules:
        return False
    from django.apps import apps  # noqa: PLC0415

    return bool(apps.ready)


def _tried(make: Callable[[], Files | None]) -> Files | None:
    """Settings that make no sense for files are no reason not to serve the rest."""
    try:
        return make()
    except Exception as error:
        emit("development.no_files", WARNING, reason=str(error))
        return None


def _tell(sender: object, request: Any = None, **facts: object) -> None:
    if not is_shown("django.request", ERROR):
        described = f"{request.method} {request.path}" if request is not None else ""
        emit("view.failed", ERROR, request=described, exc=sys.exc_info()[1])
