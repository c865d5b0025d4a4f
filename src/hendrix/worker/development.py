"""What ``--dev`` adds to a Django project: its files served without ``collectstatic``, and no silent exceptions.

Static files come from where the apps have them, by Django's own handler and whatever ``DEBUG`` says. Uploads are
served where the project has no view of its own for them. Not for the open Internet: it is done in Python, uncached.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

from hendrix.answer.asgi_scope import AsgiApplication
from hendrix.answer.wsgi import Application
from hendrix.core.events import ERROR, WARNING, emit
from hendrix.observe.shown import is_shown

if TYPE_CHECKING:
    from collections.abc import Callable


def with_files(application: Application) -> Application:
    """``application``, with static files and uploads before it. Anything else than a Django project stays as it is."""
    if not _is_django():
        return application
    from hendrix.worker import django_files  # noqa: PLC0415 - imports Django

    for layer in (django_files.uploads, django_files.statics):
        application = _tried(layer, application)
    return application


def with_files_asgi(application: AsgiApplication) -> AsgiApplication:
    """The same for an ASGI application, by Django's own handler: static files only."""
    if not _is_django():
        return application
    from django.apps import apps  # noqa: PLC0415
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: PLC0415

    if not apps.is_installed("django.contrib.staticfiles"):
        return application
    return cast("AsgiApplication", ASGIStaticFilesHandler(application))


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


def _tried(layer: Callable[[Application], Application], application: Application) -> Application:
    """Settings that make no sense for files are no reason not to serve the rest."""
    try:
        return layer(application)
    except Exception as error:
        emit("development.no_files", WARNING, reason=str(error))
        return application


def _tell(sender: object, request: Any = None, **facts: object) -> None:
    if not is_shown("django.request", ERROR):
        described = f"{request.method} {request.path}" if request is not None else ""
        emit("view.failed", ERROR, request=described, exc=sys.exc_info()[1])
