"""The bounds on what one peer may do over HTTP/2, as numbers the machine obeys."""

from __future__ import annotations

from dataclasses import dataclass, field

from hendrix.wire.limits import Limits


@dataclass(frozen=True, slots=True)
class Http2Limits:
    """Sizes in bytes, times in seconds, ``min_rate`` in bytes per second. ``http`` bounds each request."""

    http: Limits = field(default_factory=Limits)
    #: Requests under way at once on a connection.
    streams: int = 128
    #: The same, where the peer has its streams begin without a window.
    shut: int = 16
    #: A peer may take nothing of an answer for so long, and must take ``min_rate`` on the whole.
    write_timeout: float = 30.0
    #: What may be on its way to us before it is asked for: for a stream, for one whose body is awaited in pieces or as
    #: a whole, and for all of a connection together.
    window: int = 65_535
    wide_window: int = 256 * 1024
    whole_window: int = 1024 * 1024
    connection_window: int = 4 * 1024 * 1024
    #: A header block that takes more than this many times of what a head may is not decoded any more.
    block: int = 2
    #: Frames of one header block.
    fragments: int = 64
    #: Seconds to acknowledge our SETTINGS, and to answer the PING that goes with the first GOAWAY.
    settings_timeout: float = 10.0
    farewell: float = 1.0
