"""What the machine tells its shell. Those of a stream come in the order in which they happened."""

from __future__ import annotations

from dataclasses import dataclass

from hendrix.core.http import Request
from hendrix.wire.http3.stream import Stream


@dataclass(slots=True)
class Opened:
    """A request has come. Skip it where ``stream.sending`` is false: it was cancelled in the same breath."""

    stream: Stream
    request: Request


@dataclass(slots=True)
class Body:
    """A piece of a request's body."""

    stream: Stream
    data: bytes


@dataclass(slots=True)
class Ended:
    """A request is complete; its trailers are in ``stream.trailers``."""

    stream: Stream


@dataclass(slots=True)
class Refused:
    """A request that breaks a limit or a rule: to be answered with ``status``; or with none, where an answer began."""

    stream: Stream
    status: int
    reason: str


@dataclass(slots=True)
class Lost:
    """A stream is over before its answer was complete."""

    stream: Stream


@dataclass(slots=True)
class Drained:
    """Little of a stream waits for the peer any more."""

    stream: Stream


Event = Opened | Body | Ended | Refused | Lost | Drained
