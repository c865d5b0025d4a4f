"""Which of its interfaces a Django project is called by, and why: ``--interface auto`` decided, and told."""

from __future__ import annotations

from typing import Any

from hendrix.core.record import record


@record(frozen=True)
class Named:
    """An application and what the settings call it; ``None`` where they name none."""

    name: str
    application: Any


@record(frozen=True)
class Choice:
    """``name`` (``django``, ``wsgi`` or ``asgi``) has HTTP. ``websockets`` is who has those; empty: the same."""

    name: str
    reason: str
    websockets: str = ""


def choose(asked: str, wsgi: Named, asgi: Named) -> Choice:
    """``asked`` is the option; ``auto`` leaves nothing out of what ``wsgi.py`` or ``asgi.py`` put around Django."""
    name, reason = (asked, "the option interface says so") if asked != "auto" else _fitting(wsgi, asgi)
    beside = name != "asgi" and _is_own(asgi.application)
    return Choice(name, reason, asgi.name if beside else "")


def _fitting(wsgi: Named, asgi: Named) -> tuple[str, str]:
    if _is_own(_http_of(asgi.application)):
        return "asgi", f"{asgi.name} is not Django's own application, so it has all of HTTP"
    if _is_own(wsgi.application):
        return "wsgi", f"{wsgi.name} is not Django's own application, so it has all of HTTP"
    return "django", "sync and async views, as nothing has been put around Django"


def _http_of(application: Any) -> Any:
    """Routers (ours, Channels') say what they give to whom; any other application has it all."""
    routes = getattr(application, "application_mapping", None)
    return routes.get("http") if isinstance(routes, dict) else application


def _is_own(application: Any) -> bool:
    """Is it the project's own, and neither missing nor what Django makes?"""
    from django.core.handlers.asgi import ASGIHandler  # noqa: PLC0415
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415

    return application is not None and type(application) not in (ASGIHandler, WSGIHandler)
