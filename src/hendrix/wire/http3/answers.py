"""Answers on the streams of one connection (RFC 9114 section 4.1, RFC 9110 sections 6 to 8).

What an application may say is what it may say over HTTP/1.1, and is judged by the same code; the lines that that makes
are then taken apart for QPACK. ``extra`` are ready lines of the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import Prepared
from hendrix.wire.http3.codes import INTERNAL_ERROR, REQUEST_CANCELLED
from hendrix.wire.http3.stream import Stream
from hendrix.wire.response import (
    WITHOUT_CONTENT,
    Common,
    check_status,
    encode_head,
    encode_interim,
    encode_trailers,
    render_fields,
)

if TYPE_CHECKING:
    from hendrix.wire.http3.outflow import Outflow


class Answers:
    """The answers of one connection."""

    __slots__ = ("_common", "_out")

    def __init__(self, out: Outflow, common: Common) -> None:
        self._out = out
        self._common = common

    def whole(self, stream: Stream, status: str, headers: ResponseHeaders, body: bytes, extra: str) -> None:
        """A complete answer. Raises ``AnswerError``, with nothing sent."""
        code = check_status(status)
        fields = render_fields(headers, self._common)
        stated = fields.length
        if code in WITHOUT_CONTENT:
            body, told = b"", WITHOUT_CONTENT[code]
        elif stream.head_only:
            # RFC 9110 section 8.6: the length that GET would have; an empty body to HEAD does not tell it.
            told = _length(len(body) if stated < 0 else stated) if body or stated >= 0 else ""
            body, stated = b"", -1
        else:
            told = _length(len(body) if stated < 0 else stated)
        lines = encode_head(status, fields, told + extra)
        stream.started = True
        self._out.head(stream, lines)
        if code not in WITHOUT_CONTENT and 0 <= stated < len(body):
            body = body[:stated]
        stream.ends = True
        if code not in WITHOUT_CONTENT and stated > len(body):
            stream.ends = False
            self._out.write(stream, body)
            self._out.drop(stream, INTERNAL_ERROR)
        else:
            self._out.write(stream, body)

    def ready(self, stream: Stream, answer: Prepared, extra: bytes) -> None:
        """The head of a prepared answer, and its body where that is in memory; a file is the shell's to send."""
        stream.started = True
        self._out.head(stream, answer.head + self._common.ready[answer.own] + extra)
        if stream.head_only or not answer.length:
            stream.silent = stream.ends = True
            self._out.write(stream, b"")
        elif answer.file is None:
            stream.ends = True
            self._out.write(stream, answer.body)

    def head(self, stream: Stream, status: str, headers: ResponseHeaders, extra: str) -> None:
        """The head of an answer that follows in pieces. Raises ``AnswerError``."""
        code = check_status(status)
        fields = render_fields(headers, self._common)
        told = _length(fields.length) if fields.length >= 0 else ""
        if code in WITHOUT_CONTENT:
            told = WITHOUT_CONTENT[code]
        lines = encode_head(status, fields, told + extra)
        stream.left = fields.length
        stream.silent = code in WITHOUT_CONTENT or stream.head_only
        stream.started = True
        self._out.head(stream, lines)

    def interim(self, stream: Stream, status: str, headers: ResponseHeaders) -> None:
        """RFC 9110 section 15.2. Raises ``AnswerError``."""
        self._out.head(stream, encode_interim(status, headers))

    def fitting(self, stream: Stream, count: int) -> int:
        """So many of ``count`` bytes may follow: what is more than the stated length is cut off."""
        if stream.silent:
            return 0
        if stream.left >= 0:
            count = min(count, stream.left)
            stream.left -= count
        return count

    def piece(self, stream: Stream, data: bytes) -> int:
        """A piece of the body; returns how much of it is sent."""
        count = self.fitting(stream, len(data))
        if count:
            self._out.write(stream, data if count == len(data) else data[:count])
        return count

    def end(self, stream: Stream, trailers: ResponseHeaders | None) -> None:
        """The answer is complete. Raises ``AnswerError``, with nothing sent."""
        if trailers and not stream.silent:
            self._out.trailers(stream, encode_trailers(trailers))
        if stream.left > 0 and not stream.silent:
            # Less than was stated: it must not pass for the whole (RFC 9114 section 4.1.2).
            self._out.drop(stream, INTERNAL_ERROR)
            return
        stream.ends = True
        self._out.write(stream, b"")

    def break_off(self, stream: Stream, code: int = REQUEST_CANCELLED) -> None:
        """The answer will never be complete, and the peer must not take it for that."""
        self._out.drop(stream, code)


def _length(count: int) -> str:
    return f"Content-Length: {count}\r\n"
