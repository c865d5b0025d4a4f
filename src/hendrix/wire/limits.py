"""The bounds on what one peer may send, as numbers the machines obey."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds, ``min_rate`` in bytes per second."""

    request_line: int = 8190
    fields: int = 100
    field_size: int = 16384
    head: int = 65536
    head_timeout: float = 10.0
    body_timeout: float = 20.0
    min_rate: int = 500
    keep_alive: float = 65.0
    #: Chunk framing (RFC 9112 section 7.1): one size line with its extensions, and all extensions of a
    #: message beside what its data earns (a byte for each 64).
    chunk_line: int = 1024
    chunk_extensions: int = 16384
    trailers: int = 16384
