"""aioquic's HTTP/3 as we need it: frames become events, and nothing is judged that ``wire.http2.request`` judges.

A fault of one request ends its stream; with aioquic's own rules it would end the connection, with all the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioquic.h3.connection import (
    FrameType,
    FrameUnexpected,
    H3Connection,
    H3Stream,
    HeadersState,
    Setting,
    encode_frame,
)
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from pylsqpack import Decoder

if TYPE_CHECKING:
    from aioquic.quic.connection import QuicConnection

    Pairs = list[tuple[bytes, bytes]]

#: RFC 9114 section 4.2.2: what a field takes beside its name and value.
_OVERHEAD = 32


class TooLarge(H3Event):
    """A head that is larger than it may be."""

    def __init__(self, stream_id: int) -> None:
        self.stream_id = stream_id


class Framing(H3Connection):
    """``head`` is the size that a request's head may have."""

    def __init__(self, quic: QuicConnection, head: int) -> None:
        self._head = head
        super().__init__(quic)
        # No table for the peer to fill: a small block can then not become a large head, and none waits for another.
        self._decoder = Decoder(0, 0)

    def _get_local_settings(self) -> dict[int, int]:
        return {
            Setting.QPACK_MAX_TABLE_CAPACITY: 0,
            Setting.QPACK_BLOCKED_STREAMS: 0,
            Setting.MAX_FIELD_SECTION_SIZE: self._head,
        }

    def _receive_request_or_push_data(self, stream: H3Stream, data: bytes, stream_ended: bool) -> list[H3Event]:
        events = super()._receive_request_or_push_data(stream, data, stream_ended)
        if stream.frame_type == FrameType.HEADERS and (stream.frame_size or 0) > self._head:
            events.append(TooLarge(stream.stream_id))
        return events

    def _handle_request_or_push_frame(
        self, frame_type: int, frame_data: bytes | None, stream: H3Stream, stream_ended: bool
    ) -> list[H3Event]:
        data, number = frame_data or b"", stream.stream_id
        state = stream.headers_recv_state
        if frame_type == FrameType.DATA:
            if state != HeadersState.AFTER_HEADERS:
                raise FrameUnexpected("a body before its head, or behind its trailers")
            return [DataReceived(data, number, stream_ended)] if data or stream_ended else []
        if frame_type != FrameType.HEADERS or state == HeadersState.AFTER_TRAILERS:
            raise FrameUnexpected("a frame out of place")
        if len(data) > self._head:
            return [TooLarge(number)]
        pairs = self._decode_headers(number, data)
        first = state == HeadersState.INITIAL
        stream.headers_recv_state = HeadersState.AFTER_HEADERS if first else HeadersState.AFTER_TRAILERS
        if sum(len(name) + len(value) + _OVERHEAD for name, value in pairs) > self._head:
            return [TooLarge(number)]
        return [HeadersReceived(pairs, number, stream_ended)]

    # --- what the machine asks for -------------------------------------------------------------------------

    def encoded(self, number: int, pairs: Pairs) -> bytes:
        """A HEADERS frame."""
        return encode_frame(FrameType.HEADERS, self._encode_headers(number, pairs))

    def say_goaway(self, number: int) -> None:
        """RFC 9114 section 5.2: requests on streams from ``number`` on will not be answered."""
        assert self._local_control_stream_id is not None
        size = 8
        payload = (number | 0xC000_0000_0000_0000).to_bytes(size, "big")
        self._quic.send_stream_data(self._local_control_stream_id, encode_frame(FrameType.GOAWAY, payload))

    def forget(self, number: int) -> None:
        """A stream is over."""
        self._stream.pop(number, None)
