"""Which requests have a line in the access log, where not all of them are to have one (``--access-log-sample``).

It goes by the id of the request: two machines that both see a request by that id both log it, or neither does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

#: Of the digest of an id: enough to tell shares of one in a billion.
_BYTES = 8
_ALL = 1 << (8 * _BYTES)

#: Of a request: its id, the status of its answer, and how many seconds it took.
Choice = Callable[[str, int, float], bool]


def choice(share: float, slow: float) -> Choice | None:
    """Those of ``share``, those that failed (5xx), and those that took longer than ``slow`` seconds; None: all."""
    if share >= 1:
        return None
    below = int(share * _ALL)

    def wants(request_id: str, status: int, seconds: float) -> bool:
        return status >= 500 or 0 < slow < seconds or place(request_id) < below

    return wants


def place(request_id: str) -> int:
    """The first 8 bytes of the SHA-256 of an id, as a number: any other program can work it out."""
    digest = hashlib.sha256(request_id.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:_BYTES])
