"""aioquic's connection as we need it.

Three things are ours: the ids carry the worker's number; the certificate follows from the name that the client asks
for; and the windows open as requests are read, where aioquic's own grow with whatever arrives. These reach into what
aioquic keeps for itself, so ``pyproject.toml`` binds its version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection, QuicConnectionError, QuicConnectionId, QuicConnectionState
from aioquic.quic.connection import logger as _log_of_quic
from aioquic.quic.packet import QuicErrorCode

from hendrix.wire.http3.ids import LENGTH, Ids
from hendrix.wire.http3.lobby import VERSIONS, Begin

if TYPE_CHECKING:
    from aioquic._buffer import Buffer
    from aioquic.quic.connection import QuicNetworkPath
    from aioquic.quic.packet_builder import QuicPacketBuilder
    from aioquic.quic.recovery import QuicPacketSpace
    from aioquic.quic.stream import QuicStream

# What peers do wrong is told by events, and is no reason for a line in the log of the server.
_log_of_quic.setLevel("ERROR")

#: Streams that carry what belongs to the connection: three of HTTP/3, and some that mean nothing
#: (RFC 9114 section 6.2.3).
_OWN_STREAMS = 8
OWN_WINDOW = 16 * 1024
#: What a client says of itself while it shakes hands. With post-quantum keys and tickets it is a few kilobytes.
_LONGEST_HANDSHAKE = 64 * 1024
#: RFC 9000 section 5.1.1: ids that the peer may have at once.
_MOST_IDS = 4
#: Answers that a peer may ask for on one of its addresses (section 8.2); the addresses are bounded by aioquic.
_MOST_CHALLENGES = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate, its issuers and its key, as aioquic takes them."""

    certificate: Any
    chain: list[Any]
    key: Any = field(repr=False)


#: Which of them for the client that said this (a ClientHello)?
Choose = Callable[[bytes], Identity]


def configuration(identity: Identity, idle: float, window: int, connection_window: int) -> QuicConfiguration:
    """What all connections have in common. Sizes are bytes, ``idle`` seconds."""
    return QuicConfiguration(
        alpn_protocols=["h3"],
        is_client=False,
        connection_id_length=LENGTH,
        idle_timeout=idle,
        max_data=connection_window,
        max_stream_data=window,
        certificate=identity.certificate,
        certificate_chain=identity.chain,
        private_key=identity.key,
        supported_versions=list(VERSIONS),
    )


class Quic(QuicConnection):
    """One connection with one peer."""

    def __init__(self, config: QuicConfiguration, ids: Ids, choose: Choose, streams: int, begin: Begin) -> None:
        super().__init__(
            configuration=config,
            original_destination_connection_id=begin.original,
            retry_source_connection_id=begin.retried,
        )
        self._ids = ids
        self._choose = choose
        first = self._host_cids[0]
        first.cid = self.host_cid = self._local_initial_source_connection_id = ids.new()
        first.stateless_reset_token = ids.reset_token(first.cid)
        self._local_max_streams_bidi.value = self._local_max_streams_bidi.sent = streams
        self._local_max_streams_uni.value = self._local_max_streams_uni.sent = _OWN_STREAMS
        self._local_max_stream_data_uni = OWN_WINDOW

    @property
    def ended(self) -> bool:
        """Nothing more is heard or said, but for a last word that is still to be sent."""
        return self._close_event is not None or self._state in (
            QuicConnectionState.CLOSING,
            QuicConnectionState.DRAINING,
            QuicConnectionState.TERMINATED,
        )

    @property
    def heard(self) -> bool:
        """Something of the peer could be read."""
        return self._remote_initial_source_connection_id is not None

    @property
    def established(self) -> bool:
        """The handshake is done."""
        return self._handshake_complete

    @property
    def cids(self) -> list[bytes]:
        """The ids by which we know it."""
        return [one.cid for one in self._host_cids]

    @property
    def crowded(self) -> bool:
        """Does the peer ask whether we hear it more often than any that moves?"""
        return any(len(path.remote_challenges) > _MOST_CHALLENGES for path in self._network_paths)

    def _find_network_path(self, addr: Any) -> QuicNetworkPath:
        path = super()._find_network_path(addr)
        if self._retry_source_connection_id is not None and self._state == QuicConnectionState.FIRSTFLIGHT:
            path.is_validated = True  # section 8.1.2: it has brought the token that was sent there
        return path

    # --- ids and certificates ------------------------------------------------------------------------------

    def _replenish_connection_ids(self) -> None:
        while len(self._host_cids) < min(_MOST_IDS, self._remote_active_connection_id_limit):
            cid = self._ids.new()
            self._host_cids.append(QuicConnectionId(cid, self._host_cid_seq, self._ids.reset_token(cid)))
            self._host_cid_seq += 1

    def _initialize(self, peer_cid: bytes) -> None:
        super()._initialize(peer_cid)
        context = self.tls
        greet = context._server_handle_hello

        def choose(hello: Buffer, *rest: Buffer) -> None:
            identity = self._choose(hello.data_slice(0, hello.capacity))
            context.certificate, context.certificate_chain = identity.certificate, identity.chain
            context.certificate_private_key = identity.key
            greet(hello, *rest)

        context._server_handle_hello = choose  # type: ignore[method-assign, assignment]

    def _handle_crypto_frame(self, context: Any, frame_type: int, buf: Buffer) -> None:
        super()._handle_crypto_frame(context, frame_type, buf)
        if self._crypto_streams[context.epoch].receiver.highest_offset > _LONGEST_HANDSHAKE:
            raise QuicConnectionError(QuicErrorCode.CRYPTO_BUFFER_EXCEEDED, frame_type, "the handshake is too long")

    # --- windows: the value is ours to set, aioquic only tells the peer of it --------------------------------

    def _write_connection_limits(self, builder: QuicPacketBuilder, space: QuicPacketSpace) -> None:
        limit = self._local_max_data
        used, limit.used = limit.used, 0
        try:
            super()._write_connection_limits(builder, space)
        finally:
            limit.used = used

    def _write_stream_limits(self, builder: QuicPacketBuilder, space: QuicPacketSpace, stream: QuicStream) -> None:
        receiver = stream.receiver
        if receiver.is_finished:
            return
        highest, receiver.highest_offset = receiver.highest_offset, 0
        try:
            super()._write_stream_limits(builder, space, stream)
        finally:
            receiver.highest_offset = highest
