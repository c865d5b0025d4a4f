"""What all HTTP/2 connections of a worker share."""

from __future__ import annotations

from dataclasses import dataclass, field

from hendrix.core.config import Config
from hendrix.wire.hpack.literals import encode_name
from hendrix.wire.http2.answers import CommonFields
from hendrix.wire.http2.hoard import Hoards
from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.limits import Limits


@dataclass
class Http2Shared:
    """Built once, before the first connection."""

    limits: Http2Limits
    #: The name of the field that carries a request's id, encoded; empty where none does.
    id_name: bytes
    fields: CommonFields = field(default_factory=CommonFields)
    hoards: Hoards = field(default_factory=Hoards)


def http2_shared(config: Config, limits: Limits) -> Http2Shared:
    """As ``config`` says."""
    id_name = encode_name(config.request_id.lower().encode()) if config.request_id else b""
    bounds = Http2Limits(http=limits, streams=config.limit_streams, write_timeout=config.write_timeout)
    return Http2Shared(bounds, id_name)
