"""Ten kilobytes from a plain WSGI application: what a server can do without Django."""

from collections.abc import Callable, Iterable
from typing import Any

_PAGE = b"x" * 10_000


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The same bytes to everybody."""
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(_PAGE)))])
    return [_PAGE]
