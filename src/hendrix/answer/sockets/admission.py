"""Who may come in: asked before the handshake is accepted, with session and user at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http.request import split_domain_port, validate_host
from django.utils.functional import SimpleLazyObject, empty
from django.utils.http import is_same_domain
from django.utils.module_loading import import_string

#: By name: to import them needs apps that a project may not have.
_KINDS = {
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
}
_LOCAL = [".localhost", "127.0.0.1", "[::1]"]


def origin_is_ours(request: Any) -> bool:
    """A browser says from which page it comes; pages of strangers get nothing, for it sends our cookies along.

    Who is no browser sends no ``Origin``, and no cookies that he does not have himself. The hosts are those of
    ``ALLOWED_HOSTS`` (with ``*`` there, only the one that the request is for), and those of ``CSRF_TRUSTED_ORIGINS``.
    """
    origin: str | None = request.META.get("HTTP_ORIGIN")
    if origin is None:
        return True
    try:
        scheme, netloc, *_ = urlsplit(origin)
    except ValueError:
        return False
    if _is_trusted(scheme, netloc):
        return True
    host, _ = split_domain_port(netloc)
    allowed = settings.ALLOWED_HOSTS or (_LOCAL if settings.DEBUG else [])
    if "*" in allowed:
        # Any host is ours, but whose page it is still matters: the one that the request is for.
        allowed = [split_domain_port(request.get_host())[0]]
    return bool(host) and validate_host(host, allowed)


def _is_trusted(scheme: str, netloc: str) -> bool:
    """By ``CSRF_TRUSTED_ORIGINS``, as Django reads them: ``https://*.example.com`` are all below it, and itself."""
    for trusted in settings.CSRF_TRUSTED_ORIGINS:
        its_scheme, _, its_netloc = trusted.partition("://")
        if scheme == its_scheme and is_same_domain(netloc, its_netloc.lstrip("*")):
            return True
    return False


def introduce(environ: dict[str, Any], middleware: tuple[Any, ...]) -> Any:
    """The request of a handshake, as a view would see it: with what those middleware put onto it."""
    request = WSGIRequest(environ)
    for each in middleware:
        each.process_request(request)
    return request


def settle_user(request: Any) -> None:
    """Where it was found out who it is: what Django puts there to find out refers to the request, a circle, which
    would keep it until Python's collector comes. That is seldom, for what has lived as long as a socket does."""
    lazy: Any = getattr(request, "user", None)
    if type(lazy) is not SimpleLazyObject or lazy._wrapped is empty:
        return
    user = request.user = lazy._wrapped
    if hasattr(request, "auser"):
        request.auser = partial(_known, user)


async def _known(user: Any) -> Any:
    return user


def middleware() -> tuple[Any, ...]:
    """Of the project's middleware: those that say who somebody is, which know no response."""
    classes = [_loaded(path) for path in settings.MIDDLEWARE]
    return tuple(each(_no_response) for each in classes if isinstance(each, type) and _KINDS & set(_names(each)))


def _names(kind: type) -> Iterator[str]:
    """Of a class and what it derives from."""
    for each in kind.__mro__:
        yield f"{each.__module__}.{each.__qualname__}"


def _loaded(path: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_string(path)
    return found


def _no_response(request: Any) -> None:
    return None
