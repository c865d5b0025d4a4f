"""Datagrams that belong to no connection: which of them begins one (RFC 9000 sections 6 and 8.1).

An address that has not shown that it can be reached costs us no memory and gets no more bytes than it has sent: it is
asked to come back with a token (Retry), where that is asked for. The id that goes with the token carries our number,
so the second datagram comes to the worker that has sent the first answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aioquic.quic.configuration import SMALLEST_MAX_DATAGRAM_SIZE
from aioquic.quic.packet import (
    QuicHeader,
    QuicPacketType,
    QuicProtocolVersion,
    encode_quic_retry,
    encode_quic_version_negotiation,
)
from aioquic.quic.retry import QuicRetryTokenHandler
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hendrix.wire.http3.ids import Ids

VERSIONS = [int(QuicProtocolVersion.VERSION_1), int(QuicProtocolVersion.VERSION_2)]
#: Before tokens of ours: peers may still have some that another server of the same name gave them.
_MARK = b"hxr1"


@dataclass(frozen=True, slots=True)
class Reply:
    """Send this, and forget the peer."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Begin:
    """A connection begins: the id that the peer had chosen, and that of the Retry it has followed."""

    original: bytes
    retried: bytes | None


class Lobby:
    """``secret`` is the server's (16 bytes), so that a token of one worker is good for the others."""

    def __init__(self, ids: Ids, secret: bytes) -> None:
        self._ids = ids
        self._tokens = QuicRetryTokenHandler()
        self._tokens._aead = AESGCM(secret)

    def judge(
        self, header: QuicHeader, size: int, address: tuple[Any, ...], now: float, *, validate: bool
    ) -> Reply | Begin | None:
        """What to do about a datagram of ``size`` bytes. ``validate``: the address has to be shown to be good."""
        if header.version is None or header.packet_type == QuicPacketType.VERSION_NEGOTIATION:
            return None
        if size < SMALLEST_MAX_DATAGRAM_SIZE:
            return None  # section 14.1
        if header.version not in VERSIONS:
            return Reply(encode_quic_version_negotiation(header.destination_cid, header.source_cid, VERSIONS))
        # Section 7.2: the id that a client chooses has 8 bytes at least.
        if header.packet_type != QuicPacketType.INITIAL or len(header.destination_cid) < 8:
            return None
        if header.token.startswith(_MARK):
            return self._returned(header, address, now)
        if validate:
            return Reply(self._retry(header, address, now))
        return Begin(header.destination_cid, None)

    def _returned(self, header: QuicHeader, address: tuple[Any, ...], now: float) -> Begin | None:
        token, cid = header.token[len(_MARK) :], header.destination_cid
        try:
            original = self._tokens.validate_token(address=address, destination_cid=cid, token=token, now=now)
        except ValueError:
            return None
        return Begin(original, cid)

    def _retry(self, header: QuicHeader, address: tuple[Any, ...], now: float) -> bytes:
        cid = self._ids.new()
        token = self._tokens.create_token(
            address=address,
            original_destination_connection_id=header.destination_cid,
            retry_source_connection_id=cid,
            now=now,
        )
        return encode_quic_retry(
            version=header.version or 0,
            source_cid=cid,
            destination_cid=header.source_cid,
            original_destination_cid=header.destination_cid,
            retry_token=_MARK + token,
        )
