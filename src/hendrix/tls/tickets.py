"""The secrets of session tickets, given to contexts.

A client that comes again shows a ticket and is spared most of a handshake. Any worker can open it that has the same
secret. By itself OpenSSL makes one up for each context, so a ticket would be good for one worker of one generation.

Where secrets cannot be given to contexts (see ``openssl``), workers forked from one template have inherited those of
its contexts.
"""

from __future__ import annotations

import hashlib
import ssl

from hendrix.tls import openssl

SIZE = openssl.TICKET_KEYS
"""Bytes: 16 that name the secret, in every ticket; 32 that sign and 32 that encrypt it."""
NAME = 16


def bound(secret: bytes, demands: str) -> bytes:
    """``secret`` for tickets of those who have met ``demands``; without any it is ``secret`` itself.

    Whoever shows a ticket is not asked for a certificate again: it must not count once other ones are asked for.
    """
    if not demands or len(secret) != SIZE:
        return secret
    return hashlib.shake_256(secret + demands.encode()).digest(SIZE)


def share(context: ssl.SSLContext, secret: bytes) -> bool:
    """Have ``context`` use ``secret``, and keep no sessions in memory beside the tickets. False: it cannot be had."""
    tell = openssl.control()
    if tell is None or len(secret) != SIZE:
        return False
    # Clients that take no tickets would have sessions kept for them, thousands per worker and of no use to the others.
    tell(context, openssl.SET_SESSION_CACHE_MODE, 0, None)
    return tell(context, openssl.SET_TICKET_KEYS, SIZE, secret) == 1


def possible() -> bool:
    """Whether secrets can be given to contexts here."""
    return openssl.control() is not None
