"""The method PURGE: whoever has the token, or is on this machine where there is none, may throw pages away over HTTP.

``PURGE /news/`` is that page on the host that is named. Fields say more: ``Cache-Tag: news, front`` means what has
these tags, and not the page; ``Purge: prefix`` all that begins like the path, ``Purge: all`` everything, and ``soft``
among its words that it is stale from now on, and not gone.
"""

from __future__ import annotations

import hmac
import ipaddress
import json

from hendrix.answer.failure import failure
from hendrix.answer.forwarded import FIELDS as FORWARDED
from hendrix.cache.purges import Purge, purge_all, purge_prefix, purge_tag, purge_url
from hendrix.cache.store.interface import Store
from hendrix.core.events import INFO, WARNING, emit
from hendrix.core.exchange import Exchange
from hendrix.core.http import Request

METHOD = "PURGE"
_WORDS = frozenset(("soft", "prefix", "all"))


class PurgeDoor:
    """Answers PURGE. ``token`` is what ``Authorization: Bearer`` must carry; empty: only this machine may."""

    def __init__(self, store: Store, token: str) -> None:
        self._store = store
        self._token = token.encode("utf-8", "surrogateescape")

    def answer(self, exchange: Exchange) -> None:
        """See ``core.exchange.Answer``."""
        request = exchange.request
        if not self._may(exchange):
            emit("cache.purge_refused", WARNING, peer=exchange.origin.client[0], id=exchange.request_id)
            _fail(exchange, 403, "who may purge is settled by --cache-token")
            return
        try:
            purges = _meant(request)
        except ValueError as error:
            _fail(exchange, 400, str(error))
            return
        count = sum(self._store.purge(purge) for purge in purges)
        emit("cache.purged", INFO, what=purges[0].kind, purges=len(purges), id=exchange.request_id)
        body = json.dumps({"purged": count}).encode() + b"\n"
        exchange.respond("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body)

    def _may(self, exchange: Exchange) -> bool:
        fields = exchange.request.fields
        if self._token:
            scheme, _, given = fields.get(b"authorization", b"").partition(b" ")
            return scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._token)
        return not exchange.origin.proxied and FORWARDED.isdisjoint(fields) and _is_here(exchange.origin.client[0])


def _is_here(address: str) -> bool:
    """A unix socket is a proxy's way to us, whoever may be behind it."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _meant(request: Request) -> list[Purge]:
    """Raises ``ValueError``."""
    words = {word.strip() for word in request.fields.get(b"purge", b"").decode("latin-1").lower().split(",")} - {""}
    if strange := words - _WORDS:
        raise ValueError(f"Purge says {min(strange)!r}; it may say {', '.join(sorted(_WORDS))}")
    soft = "soft" in words
    tags = request.fields.get(b"cache-tag", b"").replace(b",", b" ").split()
    tags += request.fields.get(b"surrogate-key", b"").split()
    if tags:
        return [purge_tag(tag, soft=soft) for tag in tags]
    if "all" in words:
        return [purge_all(soft=soft)]
    place = request.authority.lower() + request.path
    if "prefix" in words:
        return [purge_prefix(place, soft=soft)]
    return [purge_url(place + (b"?" + request.query if request.query else b""), soft=soft)]


def _fail(exchange: Exchange, code: int, reason: str) -> None:
    exchange.respond(*failure(code, reason, exchange.request.fields.get(b"accept", b"")))
