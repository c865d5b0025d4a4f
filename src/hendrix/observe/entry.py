"""What the access log knows of one answered request."""

from __future__ import annotations

from dataclasses import dataclass

from hendrix.core.http import Origin, Request, ResponseHeaders


@dataclass(slots=True)
class Entry:
    """One answered request.

    ``sent`` are the bytes of the body, ``finished`` is in seconds since the epoch, ``seconds`` is how long it took
    from the first byte of the request to the last of the answer.
    """

    request: Request
    origin: Origin
    status: int
    sent: int
    finished: float
    seconds: float
    request_id: str
    headers: ResponseHeaders
    pid: int
