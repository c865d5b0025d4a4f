"""Accepting connections, and not accepting more than there are descriptors for.

At the limit the worker lets go of the listening sockets (the supervisor still holds them, so nobody is refused:
they wait in the backlog) and takes them up again when connections have closed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
from collections.abc import Callable
from typing import Any

from hendrix.core.events import INFO, WARNING, emit

#: Descriptors kept for the application, files, databases and ourselves.
_RESERVE = 64
#: So few left: accept nothing more, however few connections there are.
_SCARCE = 16
#: The most descriptors of one connection: itself, its body on disk, a file that is sent, and the way around.
_EACH = 4
#: Accepting goes on when this share of the limit is free again.
_HYSTERESIS = 0.05

Factory = Callable[[], asyncio.BaseProtocol]


class Listener:
    """Accepts on inherited sockets for one worker."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sockets: list[socket.socket],
        factory: Factory,
        *,
        limit: int,
        backlog: int,
    ) -> None:
        self._loop = loop
        self._sockets = sockets
        self._factory = factory
        self._backlog = backlog
        self._servers: list[asyncio.Server] = []
        self._room = descriptor_limit()
        self.limit = min(limit or self._room, self._room)
        self._low = max(0, self.limit * (1 - _HYSTERESIS) - 1)
        self._highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - min(_SCARCE, self._room // 8)
        #: Said that it pauses, and that it went on: at most once a minute, however often it does.
        self._told = self._told_end = False
        self._paused = False
        self._opening = False
        self._resuming: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Begin, or go on."""
        for sock in self._sockets:
            # The loop closes what it was given, so it gets a duplicate each time.
            copy = sock.dup()
            if sock.family == socket.AF_UNIX:
                server = await self._loop.create_unix_server(
                    self._factory, sock=copy, backlog=self._backlog, **_keep_file(self._loop)
                )
            else:
                server = await self._loop.create_server(self._factory, sock=copy, backlog=self._backlog)
            self._servers.append(server)

    def close(self) -> None:
        """Accept nothing more, for good."""
        self._closed = True
        self._stop()
        for sock in self._sockets:
            sock.close()
        self._sockets = []

    def _stop(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []

    def check(self, connections: int) -> None:
        """After each accept, close and tick: stop at the limit, go on below it."""
        if self._closed:
            return
        if not self._paused:
            if connections >= self.limit or self._scarce(connections):
                self._pause(connections)
        elif connections <= self._low and not self._opening and not self._scarce(connections):
            self._opening = True
            self._resuming = self._loop.create_task(self._resume())

    def _scarce(self, connections: int) -> bool:
        """Are nearly all descriptors taken, whoever took them? Then the next one has a high number."""
        if connections * _EACH < self._room or self._highest < 0:
            return False
        try:
            next_one = os.dup(self._sockets[0].fileno())
        except OSError:
            return True
        os.close(next_one)
        return next_one >= self._highest

    def _pause(self, connections: int) -> None:
        self._paused = True
        self._stop()
        if not self._told:
            self._told, self._told_end = True, False
            emit(
                "accept.paused",
                WARNING,
                connections=connections,
                limit=self.limit,
                advice="raise the limit of open files (ulimit -n, LimitNOFILE=) or --limit-connections",
            )

    async def _resume(self) -> None:
        try:
            await self.open()
        except OSError as error:
            self._stop()
            emit("accept.cannot_resume", WARNING, reason=str(error))
        else:
            if self._closed:
                self._stop()
                return
            self._paused = False
            if self._told and not self._told_end:
                self._told_end = True
                emit("accept.resumed", INFO)
                self._loop.call_later(60.0, self._may_tell_again)
        finally:
            self._opening = False

    def _may_tell_again(self) -> None:
        self._told = False


def descriptor_limit() -> int:
    """Connections that this process has descriptors for (the soft limit is raised to the hard one first)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):
            pass
    if soft == resource.RLIM_INFINITY:
        soft = 1_048_576
    in_use = len(os.listdir("/dev/fd"))
    return max(8, soft - in_use - min(_RESERVE, soft // 4))


def _keep_file(loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
    """asyncio's own loop removes a unix socket's file with the server since Python 3.13; ours is the supervisor's."""
    own = isinstance(loop, asyncio.BaseEventLoop) and sys.version_info >= (3, 13)
    return {"cleanup_socket": False} if own else {}
