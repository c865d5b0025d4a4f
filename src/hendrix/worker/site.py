"""What all connections of a worker share."""

from __future__ import annotations

import itertools
import mmap
import os
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from hendrix.core.clock import http_date
from hendrix.core.config import Config
from hendrix.core.errors import PeerError
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import Origin
from hendrix.wire.head import HeadParser
from hendrix.wire.limits import Limits
from hendrix.wire.response import Common
from hendrix.wire.websocket.limits import SocketLimits
from hendrix.worker.body import Budget
from hendrix.worker.http2_shared import Http2Shared, http2_shared
from hendrix.worker.known import KnownHeads

if TYPE_CHECKING:
    from hendrix.worker.connection import Connection
    from hendrix.worker.handshake import Handshake
    from hendrix.worker.http2_connection import Http2Connection
    from hendrix.worker.http3_connection import Http3Connection
    from hendrix.worker.measures import Measures
    from hendrix.worker.raw import RawConnection
    from hendrix.worker.receiving import Receiving
    from hendrix.worker.websocket import WebSocketConnection

#: One buffer receives for every connection in turn: what arrives is used up before the next read.
RECEIVE_BUFFER = 256 * 1024
#: Another one for what is encrypted: what is decrypted of one read fits into the first.
_CIPHER_BUFFER = 128 * 1024


class Begun(Exchange, Protocol):
    """An exchange as its connection made it."""

    def fail(self, code: int, reason: str) -> None:
        """Answer with an error page of the server, or break off where an answer has begun."""


@dataclass
class Site:
    """Built once, before the first connection."""

    config: Config
    answer: Answer
    limits: Limits
    socket_limits: SocketLimits
    parser: HeadParser
    common: Common
    #: The same on secure connections.
    secure_common: Common
    http2: Http2Shared
    #: Called with each exchange that is over, or None where nobody asks.
    record: Callable[[Receiving, float], None] | None = None
    #: Counts, where that is wanted.
    measures: Measures | None = None
    #: Called with each exchange that is over in whatever way, or None where nobody counts or traces.
    over: Callable[[Receiving], None] | None = None
    budget: Budget = field(default_factory=Budget)
    connections: set[
        Connection | Http2Connection | Http3Connection | WebSocketConnection | RawConnection | Handshake
    ] = field(default_factory=set)
    #: Accepted, and not yet among ``connections``: the loop says so in its next turn.
    arriving: int = 0
    #: Anonymous pages, which take memory only as far as they are used.
    buffer: memoryview = field(default_factory=lambda: memoryview(mmap.mmap(-1, RECEIVE_BUFFER)))
    ciphers: memoryview = field(default_factory=lambda: memoryview(mmap.mmap(-1, _CIPHER_BUFFER)))
    #: May the peer with this address (empty: a unix socket) speak for others by a PROXY line?
    trusts: Callable[[str], bool] = lambda _address: True
    #: Heads answered a moment ago, by the scheme of the connection.
    known: dict[str, KnownHeads] = field(default_factory=lambda: defaultdict(KnownHeads))
    #: Every answer is the last on its connection.
    draining: bool = False
    #: New connections are accepted no more.
    closed: bool = False
    requests: int = 0
    #: Called when a connection has closed, so that accepting can go on.
    on_close: Callable[[], None] = lambda: None
    _id_prefix: str = field(default_factory=lambda: f"{os.getpid():x}-{secrets.token_hex(4)}-")
    _id_numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def tick(self) -> None:
        """Renew what changes with time."""
        date = http_date(time.time()).decode()
        self.common.renew(date)
        if self.secure_common is not self.common:
            self.secure_common.renew(date)
        self.parser.forget()
        for heads in self.known.values():
            heads.clear()

    def begin(self, exchange: Begun) -> None:
        """Have it answered. A bug in an answer ends that answer, not the server."""
        self.requests += 1
        try:
            self.answer(exchange)
        except PeerError as error:
            exchange.fail(error.status, error.reason)
        except Exception as error:
            emit("answer.failed", ERROR, request=exchange.request.method, id=exchange.request_id, exc=error)
            exchange.fail(500, "the server failed")

    def known_to(self, origin: Origin) -> KnownHeads:
        """The heads that connections of this kind have in common: by scheme, and by port where one has the cache."""
        return self.known[f"{origin.scheme}:{origin.door}" if self.config.cache_port else origin.scheme]

    def new_request_id(self) -> str:
        """Unique over workers and restarts."""
        return f"{self._id_prefix}{next(self._id_numbers):x}"


def build_site(config: Config, answer: Answer, alternative: str = "") -> Site:
    """The shared parts as ``config`` says. ``alternative`` is what secure answers say of other ways to come here."""
    limits = Limits(
        request_line=config.limit_request_line,
        fields=config.limit_request_fields,
        field_size=config.limit_request_field_size,
        head=config.limit_request_head,
        head_timeout=config.head_timeout,
        body_timeout=config.body_timeout,
        min_rate=config.min_rate,
        keep_alive=config.keep_alive,
    )
    socket_limits = SocketLimits(
        max_size=config.ws_max_size,
        ping_interval=config.ws_ping_interval,
        ping_timeout=config.ws_ping_timeout,
        min_rate=config.min_rate,
    )
    server = f"Server: {config.server_header}\r\n" if config.server_header else ""
    common = secure = Common(server=server)
    if config.hsts != "off" or alternative:
        security = f"Strict-Transport-Security: {config.hsts}\r\n" if config.hsts != "off" else ""
        secure = Common(server=server, security=security, alternative=alternative)
    http2 = http2_shared(config, limits)
    site = Site(config, answer, limits, socket_limits, HeadParser(limits), common, secure, http2)
    site.tick()
    return site
