"""What ``--dev`` adds to a Django project: no silent exceptions."""

from __future__ import annotations

import sys
from typing import Any

from hendrix.core.events import ERROR, emit
from hendrix.observe.shown import is_shown


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


def _tell(sender: object, request: Any = None, **facts: object) -> None:
    if not is_shown("django.request", ERROR):
        described = f"{request.method} {request.path}" if request is not None else ""
        emit("view.failed", ERROR, request=described, exc=sys.exc_info()[1])
