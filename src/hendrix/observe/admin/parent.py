"""The supervisor, as the process that tells of the server sees it: it is asked, and at its end the process ends."""

from __future__ import annotations

import asyncio
import itertools
import socket
from typing import Any

from hendrix.core.control import Decoder, Inquire, ReopenLogs, Reply, encode
from hendrix.observe import log

_PATIENCE = 60.0
"""Seconds for an answer: a reload takes as long as the project's imports."""
_READ = 1 << 16


class Parent:
    """``sock`` is our end of the channel."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._decoder = Decoder()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._sending = asyncio.Lock()

    async def ask(self, do: str, **facts: Any) -> Reply:
        """What it says in the end; a reply with a status that is not 0 where it says nothing."""
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            async with asyncio.timeout(_PATIENCE):
                async with self._sending:
                    await asyncio.get_running_loop().sock_sendall(self._sock, encode(Inquire(number, do, facts)))
                reply: Reply = await future
                return reply
        except (TimeoutError, OSError):
            return Reply(number, 1, "the server does not answer; its log may say why")
        finally:
            self._waiting.pop(number, None)

    async def listen(self) -> None:
        """Until its end."""
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(self._sock, _READ):
            for message, _fds in self._decoder.feed(data, []):
                if isinstance(message, ReopenLogs):
                    log.reopen()
                elif (
                    isinstance(message, Reply) and (future := self._waiting.get(message.number)) and not future.done()
                ):
                    future.set_result(message)
