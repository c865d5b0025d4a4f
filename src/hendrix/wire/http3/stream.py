"""One request on its way in and its answer on its way out, on a stream of QUIC."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from hendrix.core.http import RequestHeaders

if TYPE_CHECKING:
    from aioquic.quic.stream import QuicStream

#: More than this waits for the peer, or for its word that it has come: whoever writes is to hold on, until it is
#: below the other. (What is on its way counts, so this bounds the speed of one answer over a long way.)
HIGH_WATER = 256 * 1024
LOW_WATER = 128 * 1024


class Stream:
    """``owner`` is whatever the shell keeps of it."""

    __slots__ = (
        "began",
        "block",
        "credited",
        "deadline",
        "delivered",
        "ends",
        "expected",
        "full",
        "head_only",
        "held_since",
        "id",
        "left",
        "opened",
        "over",
        "owner",
        "quic",
        "received",
        "receiving",
        "refused",
        "sending",
        "silent",
        "started",
        "trailers",
        "window",
    )

    def __init__(self, number: int, quic: QuicStream, window: int, now: float) -> None:
        self.id = number
        self.quic = quic
        self.owner: object = None
        #: Prepared answers are not remembered by what asked for them here (see ``wire.http2``).
        self.block = b""
        # --- what the peer sends
        self.opened = False
        self.receiving = True
        #: It has been told that it breaks a limit.
        self.refused = False
        #: Nobody wants anything more of it, either way.
        self.over = False
        self.expected = -1
        self.received = 0
        self.trailers: RequestHeaders = []
        self.began = now
        self.deadline = inf
        #: Since when nobody takes what has come; negative: somebody does.
        self.held_since = -1.0
        #: Bytes of the stream that have come in order, those of them that are used up, and how many more may come.
        self.delivered = self.credited = 0
        self.window = window
        # --- what we send
        self.sending = True
        self.started = False
        self.head_only = False
        #: An answer without content, whatever is written of it; bytes that are left of its stated length (-1: none).
        self.silent = False
        self.left = -1
        self.full = False
        #: Nothing will be written any more.
        self.ends = False

    @property
    def queued(self) -> int:
        """Bytes that wait for the peer, or for its word that they have come."""
        sender = self.quic.sender
        return sender._buffer_stop - sender._buffer_start
