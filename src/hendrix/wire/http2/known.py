"""An answer that was given a moment ago to the very block of fields that has come again, on the same connection.

As long as the table has not changed the block means the same request, so nothing that was judged of it need be judged
anew (see ``heads``). Whether the answer still holds is the shell's to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hendrix.core.http import Request

#: Bytes of a body. What is longer is better looked for again.
LONGEST_BODY = 64 * 1024


@dataclass(slots=True)
class Known:
    """``request`` as it was read, and the answer: its field block and its body. ``until`` is in monotonic seconds.

    ``made_of`` is what the server's own fields were made of; ``still`` is asked each time, where there is one.
    """

    request: Request
    head: bytes
    body: bytes
    until: float
    made_of: object
    still: Callable[[], bool] | None
