"""The UDP sockets of HTTP/3: one beside each TCP socket that speaks HTTPS, at the same address and port."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import replace

from hendrix.core.errors import UsageError
from hendrix.supervisor.complaint import complaint
from hendrix.supervisor.sockets import Listener


def beside(listeners: Iterable[Listener], *, wanted: bool) -> list[Listener]:
    """``listeners`` with what is missing of these sockets, and without those that are not wanted.

    Raises ``UsageError``; those that are there already stay.
    """
    return [_with(listener) if wanted and listener.secure else _without(listener) for listener in listeners]


def _with(listener: Listener) -> Listener:
    family = listener.socket.family
    if listener.datagrams is not None or family not in (socket.AF_INET, socket.AF_INET6):
        return listener
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            alone = listener.socket.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, alone)
        sock.bind(listener.socket.getsockname())
    except OSError as error:
        sock.close()
        said = complaint(listener.address, error)
        raise UsageError(f"HTTP/3 (UDP): {said}") from error
    sock.setblocking(False)
    return replace(listener, datagrams=sock)


def _without(listener: Listener) -> Listener:
    if listener.datagrams is None:
        return listener
    listener.datagrams.close()
    return replace(listener, datagrams=None)
