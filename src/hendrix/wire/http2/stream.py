"""One stream: a request on its way in and its answer on its way out (RFC 9113 section 5).

Its states (section 5.1) are two facts: does the peer still send, and do we. Idle and closed streams are not kept.
"""

from __future__ import annotations

from collections import deque
from math import inf

from hendrix.wire.http2.priority import UNSAID, Priority

#: More than this waits for the peer: whoever writes is to hold on, until it is below the other.
HIGH_WATER = 64 * 1024
LOW_WATER = 16 * 1024
#: The framing of an answer's body, where it is not by a length that was stated (>= 0).
UNTIL_END = -1


class Stream:
    """An open or half-closed stream. ``owner`` is whatever the shell keeps of it."""

    __slots__ = (
        "began",
        "block",
        "blocked_since",
        "credit",
        "deadline",
        "discarding",
        "ending",
        "ends",
        "expected",
        "full",
        "head_only",
        "held_since",
        "id",
        "left",
        "owed",
        "owner",
        "pending",
        "priority",
        "queued",
        "received",
        "receiving",
        "sending",
        "sent",
        "sent_then",
        "silent",
        "started",
        "target",
        "timed",
        "trailers",
        "window",
    )

    def __init__(self, number: int, window: int, credit: int, now: float) -> None:
        self.id = number
        self.owner: object = None
        #: The header block of a request without a body.
        self.block = b""
        # --- what the peer sends
        self.receiving = True
        #: Nobody wants the rest of it.
        self.discarding = False
        #: Bytes of the body that are missing (-1: unknown), and those that have come.
        self.expected = -1
        self.received = 0
        self.began = now
        self.deadline = inf
        #: Has it to come at some rate? What a tunnel carries need not.
        self.timed = True
        #: Since when nobody takes what has come; negative: somebody does.
        self.held_since = -1.0
        #: Bytes that the peer may still send, those that it is to be given leave for, and the window to keep up.
        self.credit = self.target = credit
        self.owed = 0
        # --- what we send
        self.sending = True
        self.started = False
        self.head_only = False
        #: An answer without content, whatever is written of it; bytes that are left of its stated length.
        self.silent = False
        self.left = UNTIL_END
        self.window = window
        self.priority: Priority = UNSAID
        self.pending: deque[bytes | memoryview] = deque()
        self.queued = 0
        self.full = False
        #: Nothing will be written any more; then a reset is the last, or this block of trailers, or neither.
        self.ends = False
        self.ending = self.trailers = b""
        self.sent = 0
        #: Since when it waits for the peer to take something, and what had been sent then.
        self.blocked_since = inf
        self.sent_then = 0
