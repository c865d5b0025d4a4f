"""The id of the request at hand, for whoever writes a line about it in its context.

A request of a project has something in its context anyway (``tasks.duties``), and that knows the id: so it costs
nobody anything. What has none (WebSockets, ASGI applications, tasks) sets ``named``.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol


class Bearer(Protocol):
    """What knows the id of the request at hand; empty: it has none."""

    request_id: str


bearer: ContextVar[Bearer | None] = ContextVar("hendrix_duties", default=None)
named: ContextVar[str] = ContextVar("hendrix_request_id", default="")


def request_id() -> str:
    """Empty outside of requests and tasks."""
    found = bearer.get()
    return named.get() or (found.request_id if found is not None else "")
