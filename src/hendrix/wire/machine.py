"""The shape of every protocol machine: bytes in, events out, bytes out, next deadline.

A machine knows no socket and no clock. Its shell feeds it what arrives together with the time, acts on the events
that come back, and calls ``expire`` once ``deadline`` has passed. A fault of the peer is an event, never an
exception.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hendrix.core.http import Request, RequestHeaders


@dataclass(slots=True)
class Data:
    """A piece of the request's body."""

    data: bytes


@dataclass(slots=True)
class End:
    """The request is complete. ``trailers`` came behind a chunked body; they are never merged into the head."""

    trailers: RequestHeaders = field(default_factory=list)


@dataclass(slots=True)
class Fault:
    """The peer broke a rule or a limit: answer with ``status`` and close, for the framing is in doubt."""

    status: int
    reason: str
    #: It was a request of HEAD, whose answer has no content (RFC 9110 section 9.3.2).
    head_only: bool = False


@dataclass(slots=True)
class Hangup:
    """Nothing is owed to the peer: close the connection without a word."""


Event = Request | Data | End | Fault | Hangup
