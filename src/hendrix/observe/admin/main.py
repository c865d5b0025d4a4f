"""The life of the process that tells of the server: listen, answer, and end with the supervisor."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Sequence

from hendrix.observe.admin.dashboard import DASHBOARD
from hendrix.observe.admin.guard import Guard
from hendrix.observe.admin.health import health, metrics, ready, status
from hendrix.observe.admin.parent import Parent
from hendrix.observe.admin.routes import Route, Routes
from hendrix.observe.admin.server import Server

ROUTES = (
    Route("GET", "/health", health, is_open=True),
    Route("GET", "/ready", ready, is_open=True),
    Route("GET", "/metrics", metrics),
    Route("GET", "/status.json", status),
    *DASHBOARD,
)


def run(channel: socket.socket, listening: Sequence[socket.socket], token: str) -> None:
    """Until ``channel`` ends."""
    asyncio.run(_life(channel, listening, token))


async def _life(channel: socket.socket, listening: Sequence[socket.socket], token: str) -> None:
    parent = Parent(channel)
    server = Server(Routes(ROUTES), Guard(token, secrets.token_urlsafe(16)), parent.ask)
    for sock in listening:
        await server.listen(sock)
    await parent.listen()
