"""What is answered at the admin listener: a table of paths.

A route is a line in ``ROUTES`` of ``main`` (or an ``add`` before it serves): its method, its path, and a coroutine
that takes a ``Visit`` and returns an ``Answer``. It is given only what the guard lets through.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from hendrix.core.control import Reply
from hendrix.observe.admin.request import Refused, Request


@dataclass(frozen=True, slots=True)
class Answer:
    """``parts`` instead of a ``body`` go out as they come, until the peer leaves (an event stream)."""

    status: int = 200
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: AsyncGenerator[bytes, None] | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. ``ask(do, **facts)`` asks the server, as over its control socket: ``status``, ``metrics``,
    ``reload``, ``recycle``, ``cache``, ``look``; ``csrf`` is for pages whose scripts post, as X-CSRF-Token."""

    request: Request
    ask: Callable[..., Awaitable[Reply]]
    csrf: str

    async def facts(self, do: str, **facts: Any) -> dict[str, Any]:
        """What the server says of ``do``. Raises ``Refused`` where it does not."""
        reply = await self.ask(do, **facts)
        if reply.status:
            raise Refused(502, reply.summary or f"the server has failed at {do}")
        return reply.facts


Handler = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """``is_open``: whoever comes to the port is answered; ``changes``: pages need the token against forgery."""

    method: str
    path: str
    answer: Handler
    is_open: bool = False
    changes: bool = False


class Routes:
    """The table."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._by_path: dict[str, dict[str, Route]] = {}
        for route in routes:
            self.add(route)

    def add(self, route: Route) -> None:
        """One more."""
        self._by_path.setdefault(route.path, {})[route.method] = route

    def find(self, request: Request) -> Route:
        """Raises ``Refused``."""
        found = self._by_path.get(request.path)
        if found is None:
            raise Refused(404, "there is no such page; see /, /status.json, /metrics, /health and /ready")
        route = found.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            raise Refused(405, "this is not to be had in this way", {"Allow": ", ".join(sorted(found))})
        return route


def as_json(facts: object, status: int = 200) -> Answer:
    """For programs, and for who looks at it."""
    return Answer(status, json.dumps(facts, indent=2).encode() + b"\n", "application/json")


def phrase(status: int) -> str:
    """``404 Not Found``."""
    return f"{status} {HTTPStatus(status).phrase}"
