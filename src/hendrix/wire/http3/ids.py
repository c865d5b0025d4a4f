"""Connection ids (RFC 9000 section 5.1): each begins with the number of the worker that gave it.

So whichever process gets a datagram knows whose it is, whatever address it came from. Behind the number stand random
bytes. The token that lets a peer know of a connection that nobody knows any more (section 10.3) follows from the id
and a secret of the server, so any worker can tell it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

LENGTH = 12
_NUMBER = 4
_TOKEN = 16


def number_of(cid: bytes) -> int:
    """The worker that gave ``cid``; -1 where it cannot be one of ours."""
    return int.from_bytes(cid[:_NUMBER], "big") if len(cid) == LENGTH else -1


class Ids:
    """The ids of one worker. ``fresh`` gives random bytes."""

    def __init__(self, number: int, secret: bytes, fresh: Callable[[int], bytes]) -> None:
        self.number = number
        self._prefix = number.to_bytes(_NUMBER, "big")
        self._secret = secret
        self._fresh = fresh

    def new(self) -> bytes:
        """An id that nobody has."""
        return self._prefix + self._fresh(LENGTH - _NUMBER)

    def reset_token(self, cid: bytes) -> bytes:
        """What proves that a reset of the connection ``cid`` is the server's."""
        return hmac.digest(self._secret, b"reset" + cid, "sha256")[:_TOKEN]

    def reset(self, cid: bytes, size: int) -> bytes:
        """A stateless reset in answer to ``size`` bytes; empty where they are too few.

        Section 10.3.3: it is smaller than what it answers, so two servers do not go on for ever.
        """
        size = min(size - 1, 41)
        if size < 21:
            return b""
        noise = self._fresh(size - _TOKEN)
        return bytes((0x40 | noise[0] & 0x3F,)) + noise[1:] + self.reset_token(cid)
