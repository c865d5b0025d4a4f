"""Where HTTP/3 comes in: datagrams find their connection, begin one, or go on to the worker that has it.

All workers read the same UDP sockets. With several of them, or with many handshakes under way, a peer has to come back
with a token first (Retry): it then has an id that carries the number of the worker that it spoke to, and everything
that follows finds its way there, through a reload, too, whose old workers read nothing of the sockets any more.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import time
from collections.abc import Callable, Sequence
from socket import socket
from typing import TYPE_CHECKING

from aioquic._buffer import Buffer
from aioquic.quic.packet import QuicHeader, pull_quic_header

from hendrix.wire.http3.ids import LENGTH, Ids, number_of
from hendrix.wire.http3.lobby import Begin, Lobby, Reply
from hendrix.wire.http3.machine import Http3
from hendrix.wire.http3.quic import Quic, configuration
from hendrix.worker.http3_connection import Http3Connection
from hendrix.worker.http3_identity import Identities
from hendrix.worker.http3_place import SIZE, Place, unpack
from hendrix.worker.http3_post import Post
from hendrix.worker.http3_wire import Wire

if TYPE_CHECKING:
    from hendrix.tls.keyring import Keyring
    from hendrix.worker.site import Site

#: Seconds that datagrams are read in one turn of the loop: a handshake takes milliseconds.
_TURN = 0.004
#: Handshakes under way from which addresses have to be shown to be good, and past which none begins.
_SOME, _MOST = 32, 256
#: Answers to datagrams of no connection, in a second.
_MOST_REPLIES = 2000
#: The window of a stream before its head has come is what a head may have, and this.
_BESIDE_HEAD = 8192


class Http3Door:
    """``full`` tells whether there are as many connections as there may be."""

    def __init__(
        self,
        site: Site,
        loop: asyncio.AbstractEventLoop,
        keyring: Keyring,
        socks: Sequence[socket],
        id_field: bytes,
        full: Callable[[], bool],
    ) -> None:
        self.loop = loop
        self.id_field = id_field
        self._site = site
        self._full = full
        self._wires = [Wire(sock, number) for number, sock in enumerate(socks)]
        self._identities = Identities(keyring)
        self._post = Post(loop, os.fstat(socks[0].fileno()).st_ino, self._forwarded)
        secret = keyring.secret or os.urandom(32)
        self._ids = Ids(self._post.number, hmac.digest(secret, b"http3 ids", "sha256"), os.urandom)
        self._lobby = Lobby(self._ids, hmac.digest(secret, b"http3 retry", "sha256")[:16])
        limits = site.http2.limits
        self._streams = limits.streams
        window = limits.http.head + _BESIDE_HEAD
        idle = max(10.0, limits.http.keep_alive)
        self._quic = configuration(self._identities.any(), idle, window, limits.connection_window)
        self._connections: dict[bytes, Http3Connection] = {}
        self._greeting: set[Http3Connection] = set()
        self._reading = self._last = False
        self._replies, self._replies_until = 0, 0.0

    # --- datagrams in --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Read from now on."""
        self._reading = True
        for wire in self._wires:
            self.loop.add_reader(wire.socket.fileno(), self._arrived, wire)

    def close(self, *, last: bool) -> None:
        """Nothing begins here any more; what is under way goes on, by the mailbox.

        ``last``: nobody reads the sockets but those that are to leave as well.
        """
        self._last = last
        if self._reading and not last:
            self._reading = False
            for wire in self._wires:
                self.loop.remove_reader(wire.socket.fileno())

    def _arrived(self, wire: Wire) -> None:
        until = time.monotonic() + _TURN
        while time.monotonic() < until:
            try:
                found = wire.receive()
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # what ICMP tells of one peer
            if found is not None:
                self._take(*found, forwarded=False)

    def _forwarded(self, data: bytes) -> None:
        try:
            place = unpack(data[:SIZE], [wire.bound for wire in self._wires])
        except ValueError:
            return
        self._take(data[SIZE:], place, forwarded=True)

    def _take(self, data: bytes, place: Place, *, forwarded: bool) -> None:
        try:
            header = pull_quic_header(Buffer(data=data), host_cid_length=LENGTH)
        except ValueError:
            return  # no bytes of QUIC
        connection = self._connections.get(header.destination_cid)
        if connection is not None:
            connection.receive(data, place)
            return
        number = number_of(header.destination_cid)
        if number not in (-1, self._ids.number) and not forwarded and self._post.send(number, place.packed() + data):
            return
        if self._last:
            return
        if header.version is None:
            self._reset(header, len(data), place, number)
        else:
            self._meet(header, data, place)

    def _reset(self, header: QuicHeader, size: int, place: Place, number: int) -> None:
        """A connection that nobody knows any more, such as one of a worker that was killed (RFC 9000 section 10.3)."""
        if number >= 0 and self._may_reply() and (data := self._ids.reset(header.destination_cid, size)):
            self.send(data, place)

    def _meet(self, header: QuicHeader, data: bytes, place: Place) -> None:
        now = time.monotonic()
        greeting = len(self._greeting)
        validate = self._site.config.workers > 1 or greeting >= _SOME or not self._reading
        judged = self._lobby.judge(header, len(data), place, now, validate=validate)
        if isinstance(judged, Reply):
            if self._may_reply():
                self.send(judged.data, place)
        elif isinstance(judged, Begin) and greeting < _MOST and not self._full():
            self._begin(header, judged, place, data, now)

    def _may_reply(self) -> bool:
        now = time.monotonic()
        if now >= self._replies_until:
            self._replies, self._replies_until = 0, now + 1
        self._replies += 1
        return self._replies <= _MOST_REPLIES

    def _begin(self, header: QuicHeader, begin: Begin, place: Place, data: bytes, now: float) -> None:
        site = self._site
        quic = Quic(self._quic, self._ids, self._identities.choose, self._streams, begin)
        machine = Http3(quic, site.http2.limits, site.secure_common, now)
        connection = Http3Connection(site, self, machine, place)
        self._greeting.add(connection)
        self.know(connection, header.destination_cid)
        connection.receive(data, place)
        if not quic.heard:
            connection.drop()  # noise, which is not to take the place of somebody
        elif site.closed:
            connection.leave()

    # --- connections ---------------------------------------------------------------------------------------

    def know(self, connection: Http3Connection, *chosen: bytes) -> None:
        """Take the ids that it has given out, before the peer can have them, and those that it has taken back.

        ``chosen`` is what the peer begins with.
        """
        machine, known = connection.machine, connection.cids
        if machine.quic.established:
            self._greeting.discard(connection)
        for cid in (*machine.quic.cids, *chosen):
            if cid not in known:
                known.add(cid)
                self._connections.setdefault(cid, connection)
        for cid in machine.retired:
            self._drop(connection, cid)
        known.difference_update(machine.retired)
        machine.retired.clear()

    def _drop(self, connection: Http3Connection, cid: bytes) -> None:
        if self._connections.get(cid) is connection:
            del self._connections[cid]

    def forget(self, connection: Http3Connection) -> None:
        """It is over."""
        self._greeting.discard(connection)
        for cid in connection.cids:
            self._drop(connection, cid)

    def send(self, data: bytes, place: Place) -> None:
        """A datagram to a peer, from where it spoke to us."""
        self._wires[place.door].send(data, place)
