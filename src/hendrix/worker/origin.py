"""Who is at the other end of a transport."""

from __future__ import annotations

import asyncio

from hendrix.core.http import Origin


def origin_of(transport: asyncio.BaseTransport) -> Origin:
    """The peer's address and ours; a unix socket has none."""
    peer = transport.get_extra_info("peername")
    own = transport.get_extra_info("sockname")
    secured = transport.get_extra_info("hendrix.secured")
    scheme = "http" if secured is None else "https"
    if isinstance(peer, tuple) and isinstance(own, tuple):
        return Origin((_plain(peer[0]), peer[1]), (_plain(own[0]), own[1]), scheme, secured=secured, door=own[1])
    return Origin(("", 0), ("localhost", 443 if scheme == "https" else 80), scheme, secured=secured)


def _plain(host: str) -> str:
    """An IPv4 address that arrived at an IPv6 socket, as IPv4."""
    return host.removeprefix("::ffff:") if "." in host else host
