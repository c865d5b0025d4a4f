"""Heads that were answered a moment ago: what stands between reading one again and answering it is skipped.

Browsers ask for the same file with the same head again and again, and so do crowds of clients of one kind. A head is
compared as a whole, byte by byte, so nothing that was judged of it needs to be judged anew.
"""

from __future__ import annotations

from typing import NamedTuple

from hendrix.core.http import Request

_MOST = 512
#: Bytes of a head. What is longer need not be looked for: looking costs time for each byte.
LONGEST_HEAD = 2048
_LONGEST_BODY = 64 * 1024


class Known(NamedTuple):
    """The answer to one head, without the lines that are of the moment. ``until`` is in monotonic seconds."""

    head: bytes
    own: int
    body: bytes
    until: float


KnownHeads = dict[bytes, Known]


def remember(heads: KnownHeads, head: bytes, request: Request, known: Known) -> None:
    """``heads`` are those of one kind of connection; they are emptied twice a second, and so hold what is current."""
    if (
        head
        and request.repeats
        and request.method == "GET"
        and request.version == "1.1"
        and request.keep_alive
        and not request.length
        and len(head) <= LONGEST_HEAD
        and len(known.body) <= _LONGEST_BODY
        and len(heads) < _MOST
    ):
        heads[head] = known
