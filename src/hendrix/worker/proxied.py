"""A PROXY line before all else: whether the peer may say it, and who it says the peer is."""

from __future__ import annotations

from hendrix.core.errors import PeerError
from hendrix.core.events import DEBUG, WARNING, emit
from hendrix.wire.proxy_line import ProxyLine, Source
from hendrix.worker.site import Site


def may_speak_for_others(site: Site, peer: str) -> bool:
    """Is the peer with this address (empty: a unix socket) one that we believe?"""
    if site.trusts(peer):
        return True
    advice = "name it in --forwarded-allow-ips if it is a proxy of yours"
    emit("peer.untrusted_proxy", DEBUG, peer=peer, advice=advice)
    return False


def unwrap(line: ProxyLine, data: bytes, peer: str) -> tuple[Source | None, bytes] | None:
    """What ``line`` says once it is complete, and the bytes behind it. None: it is no such line."""
    try:
        return line.feed(data)
    except PeerError as error:
        emit("peer.bad_proxy_line", WARNING, reason=error.reason, peer=peer)
        return None
