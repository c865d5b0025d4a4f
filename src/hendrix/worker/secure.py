"""A transport that encrypts: what a connection writes to, once the handshake is done.

It stands on uvloop's plain transport and hands what it reads to the same protocols as that does. (uvloop's own TLS
costs more, knows no half-closed connections, and takes as much time for handshakes as clients ask for.)
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any, cast

from hendrix.core.events import DEBUG, emit
from hendrix.worker.site import Site

#: Bytes that are encrypted or decrypted at a time: one record. Buffers of OpenSSL never shrink again.
_PIECE = 16384
#: After the end of what we send: how much (bytes) is still taken from the peer, unread.
_LINGER_BYTES = 4 * 1024 * 1024
_NOBODY = asyncio.BufferedProtocol()


class SecureTransport(asyncio.Transport, asyncio.BufferedProtocol):
    """Between the plain transport, whose protocol it is, and the protocol that it serves."""

    def __init__(
        self,
        site: Site,
        plain: asyncio.Transport,
        channel: ssl.SSLObject,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        extra: dict[str, Any],
    ) -> None:
        super().__init__(extra)
        self._extra: dict[str, Any] = extra
        self._site = site
        self._plain = plain
        self._channel = channel
        self._incoming, self._outgoing = incoming, outgoing
        self._protocol: asyncio.BufferedProtocol = _NOBODY
        #: We have said that we send nothing more; bytes of the peer that were thrown away since.
        self._ended, self._thrown = False, 0
        self._eof = False

    def serve(self, protocol: asyncio.BufferedProtocol) -> None:
        """Begin, with what the peer has sent behind its handshake."""
        self._protocol = protocol
        protocol.connection_made(self)
        if self._incoming.pending or self._channel.pending():
            self._decrypt(b"")

    # --- called by the plain transport ----------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._site.ciphers

    def buffer_updated(self, nbytes: int) -> None:
        if self._ended:
            self._throw_away(nbytes)
        elif not self._eof:
            self._decrypt(self._site.ciphers[:nbytes])

    def eof_received(self) -> bool:
        """Without the peer's close_notify, as many of them end."""
        if self._eof or self._ended:
            return not self._plain.is_closing()
        self._eof = True
        return bool(self._protocol.eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        # The protocol knows its transport: a circle, and what OpenSSL keeps would wait in it for the collector.
        protocol, self._protocol = self._protocol, _NOBODY
        protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    # --- reading --------------------------------------------------------------------------------------------

    def _decrypt(self, data: memoryview | bytes) -> None:
        size = 0
        try:
            for at in range(0, len(data) or 1, _PIECE):
                self._incoming.write(data[at : at + _PIECE])
                size = self._decrypted(size)
        except ssl.SSLError as error:
            self._fail(error)
            return
        if self._outgoing.pending:  # an answer of the protocol itself: new keys
            self._plain.write(self._outgoing.read())
        if size:
            self._protocol.buffer_updated(size)
        if self._eof and not self._plain.is_closing() and not self._protocol.eof_received():
            self.close()

    def _decrypted(self, size: int) -> int:
        """All whole records that are there, behind the first ``size`` bytes. Returns how many it is then."""
        incoming, channel, clear = self._incoming, self._channel, self._site.buffer
        try:
            while incoming.pending or channel.pending():
                taken = channel.read(_PIECE, clear[size:] if size else clear)
                if not taken:
                    self._eof = True
                    break
                size += cast("int", taken)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._eof = True
        return size

    def _fail(self, error: ssl.SSLError) -> None:
        emit("peer.tls_fault", DEBUG, reason=(error.reason or str(error)).lower())
        if self._outgoing.pending:
            self._plain.write(self._outgoing.read())
        self._plain.abort()

    def _throw_away(self, nbytes: int) -> None:
        self._thrown += nbytes
        if self._thrown > _LINGER_BYTES:
            self._plain.pause_reading()

    def pause_reading(self) -> None:
        self._plain.pause_reading()

    def resume_reading(self) -> None:
        self._plain.resume_reading()

    def is_reading(self) -> bool:
        return self._plain.is_reading()

    # --- writing --------------------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self._ended or self._plain.is_closing():
            return
        try:
            if len(data) <= _PIECE:
                self._channel.write(cast("bytes", data))
                self._plain.write(self._outgoing.read())
            else:
                self._plain.writelines(self._encrypted(memoryview(data)))
        except ssl.SSLError as error:
            self._fail(error)

    def _encrypted(self, data: memoryview[Any]) -> list[bytes]:
        found: list[bytes] = []
        for at in range(0, len(data), _PIECE):
            self._channel.write(cast("bytes", data[at : at + _PIECE]))
            found.append(self._outgoing.read())
        return found

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        for data in list_of_data:
            if data:
                self.write(data)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Both of TLS and of TCP. What the peer still sends is read, and thrown away."""
        if not self._ended and not self._plain.is_closing():
            self._say_end()
            self._plain.write_eof()

    def _say_end(self) -> None:
        self._ended = True
        try:
            self._channel.unwrap()
        except ssl.SSLError:
            pass  # it wants the peer's end as well, which nobody waits for
        if self._outgoing.pending:
            self._plain.write(self._outgoing.read())

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._plain.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._plain.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._plain.get_write_buffer_limits()

    # --- the end --------------------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        return self._plain.is_closing()

    def close(self) -> None:
        if not self._plain.is_closing():
            if not self._ended:
                self._say_end()
            self._plain.close()

    def abort(self) -> None:
        self._plain.abort()

    # --- who and what ---------------------------------------------------------------------------------------

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast("asyncio.BufferedProtocol", protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        found = self._extra.get(name)
        return found if found is not None else self._plain.get_extra_info(name, default)
