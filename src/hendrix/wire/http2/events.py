"""What the machine tells its shell. Those of a stream come in the order in which they happened."""

from __future__ import annotations

from dataclasses import dataclass, field

from hendrix.core.http import Request, RequestHeaders
from hendrix.wire.http2.known import Known
from hendrix.wire.http2.stream import Stream


@dataclass(slots=True)
class Opened:
    """A request has come. Skip it where ``stream.sending`` is false: it was cancelled in the same breath."""

    stream: Stream
    request: Request


@dataclass(slots=True)
class Repeated:
    """A request has come again that was answered a moment ago. Skip it where ``Opened`` would be."""

    stream: Stream
    known: Known


@dataclass(slots=True)
class Body:
    """A piece of a request's body."""

    stream: Stream
    data: bytes


@dataclass(slots=True)
class Ended:
    """A request is complete."""

    stream: Stream
    trailers: RequestHeaders = field(default_factory=list)


@dataclass(slots=True)
class Refused:
    """A request that breaks a limit or a rule: to be answered with ``status``; or with none, where an answer began.

    If ``Opened`` has not told of the stream there is no request to be had.
    """

    stream: Stream
    status: int
    reason: str


@dataclass(slots=True)
class Lost:
    """A stream is over before its answer was complete."""

    stream: Stream
    reason: str


@dataclass(slots=True)
class Drained:
    """Little of a stream waits for the peer any more."""

    stream: Stream


@dataclass(slots=True)
class Over:
    """Why a connection has nothing under way any more. ``fault`` is what the peer did wrong, if it did."""

    code: int = 0
    fault: str = ""


Event = Opened | Repeated | Body | Ended | Refused | Lost | Drained
