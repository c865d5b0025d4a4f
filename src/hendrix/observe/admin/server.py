"""The admin listener's connections: read a head, ask the guard, answer, and again. Everything is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace

from hendrix.core.control import Reply
from hendrix.core.events import ERROR, emit
from hendrix.observe.admin.guard import Guard
from hendrix.observe.admin.request import LONGEST_HEAD, Refused, Request, parse
from hendrix.observe.admin.routes import Answer, Routes, Visit, phrase

MOST_CONNECTIONS = 64
_HEAD_WITHIN = 15.0
_BODY_WITHIN = 15.0
_TAKEN_WITHIN = 15.0
"""Seconds for a peer to take what was written."""
_LINGER = 2.0
_LINGER_BYTES = 256 * 1024
_ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server:
    """Answers by ``routes`` what ``guard`` lets through. ``ask`` is for the answers."""

    def __init__(self, routes: Routes, guard: Guard, ask: Callable[..., Awaitable[Reply]]) -> None:
        self._routes, self._guard, self._ask = routes, guard, ask
        self._connections = 0

    async def listen(self, sock: socket.socket) -> asyncio.Server:
        """From now on."""
        return await asyncio.start_server(self._serve, sock=sock, limit=LONGEST_HEAD)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections > MOST_CONNECTIONS:
                await _send(writer, _refusal(Refused(503, "too many ask at once")), keeps=False)
                if self._connections <= 2 * MOST_CONNECTIONS:
                    await _linger(reader, writer)
                return
            while await self._one(reader, writer):
                pass
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # it has gone, or is too slow; or the process is about to end
        finally:
            self._connections -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request. False: it was the last one."""
        request: Request | None = None
        try:
            request = await _read(reader)
            answer = await self._answered(request)
        except Refused as refused:
            answer = _refusal(refused)
            request = request if refused.status in (401, 404, 502, 503) else None
        keeps = request is not None and request.keeps and answer.parts is None
        await _send(writer, answer, keeps=keeps, bare=request is not None and request.method == "HEAD")
        if request is None:
            await _linger(reader, writer)
        return keeps

    async def _answered(self, request: Request) -> Answer:
        # The guard comes first: who may not ask does not learn what there is.
        try:
            route = self._routes.find(request)
        except Refused:
            self._guard.check(request, is_open=False, changes=False)
            raise
        self._guard.check(request, is_open=route.is_open, changes=route.changes)
        try:
            return await route.answer(Visit(request, self._ask, self._guard.csrf))
        except Refused:
            raise
        except Exception as error:
            emit("admin.failed", ERROR, request=f"{request.method} {request.path}", exc=error)
            raise Refused(500, "this has failed; the log says why") from None


async def _read(reader: asyncio.StreamReader) -> Request:
    try:
        async with asyncio.timeout(_HEAD_WITHIN):
            head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Refused(431, f"a head has at most {LONGEST_HEAD} bytes") from None
    request = parse(head)
    if not (length := request.length):
        return request
    async with asyncio.timeout(_BODY_WITHIN):
        return replace(request, body=await reader.readexactly(length))


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What is left unread of a request would have the peer see a reset and no answer (RFC 9112 section 9.6)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            if writer.can_write_eof():
                writer.write_eof()
            left = _LINGER_BYTES
            while left > 0 and (data := await reader.read(left)):
                left -= len(data)


def _refusal(refused: Refused) -> Answer:
    return Answer(refused.status, f"{refused.reason}\n".encode(), headers=refused.headers)


async def _send(writer: asyncio.StreamWriter, answer: Answer, *, keeps: bool, bare: bool = False) -> None:
    fields = {"Content-Type": answer.type, **_ALWAYS, **answer.headers}
    if answer.parts is None:
        fields["Content-Length"] = str(len(answer.body))
    fields["Connection"] = "keep-alive" if keeps else "close"
    lines = [f"HTTP/1.1 {phrase(answer.status)}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    writer.write("\r\n".join(lines).encode("latin-1") + (b"" if bare else answer.body))
    await _taken(writer)
    if answer.parts is not None and not bare:
        async with contextlib.aclosing(answer.parts) as parts:
            async for part in parts:
                writer.write(part)
                await _taken(writer)


async def _taken(writer: asyncio.StreamWriter) -> None:
    async with asyncio.timeout(_TAKEN_WITHIN):
        await writer.drain()
