"""Answers on the streams of one connection (RFC 9113 section 8.1, RFC 9110 sections 6 to 8).

The fields that the server adds itself, and prepared answers as a whole, are encoded in the form that every connection
understands, so they are encoded once; only an application's own fields go by the connection's table.
"""

from __future__ import annotations

from hendrix.core.errors import AnswerError
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import Prepared
from hendrix.wire.framing import NOT_TRAILERS
from hendrix.wire.hpack.encoder import Encoder
from hendrix.wire.http2.faults import CANCEL, INTERNAL_ERROR
from hendrix.wire.http2.fields import Rendered, length_field, lines_field, render, status_field
from hendrix.wire.http2.frames import END_STREAM, header_frames, reset
from hendrix.wire.http2.outflow import Outflow
from hendrix.wire.http2.stream import Stream
from hendrix.wire.response import WITHOUT_CONTENT, Common, check_interim, check_status


class CommonFields:
    """The fields that every answer of a server carries, encoded when they change. One serves all connections."""

    __slots__ = ("_ready",)

    def __init__(self) -> None:
        #: Of secure connections and others, with the lines that they were made of.
        self._ready: dict[str, tuple[object, list[bytes]]] = {}

    def ready(self, common: Common) -> list[bytes]:
        """By what an answer has of its own, as ``common.ready`` is."""
        lines = common.ready
        made_of, ready = self._ready.get(common.kind, (None, []))
        if made_of is not lines:
            ready = [lines_field(line) for line in lines]
            self._ready[common.kind] = lines, ready
        return ready


class Answers:
    """The answers of one connection. ``extra`` are ready fields of the server, encoded."""

    __slots__ = ("_common", "_encoder", "_fields", "_out")

    def __init__(self, out: Outflow, encoder: Encoder, fields: CommonFields, common: Common) -> None:
        self._out = out
        out.begin_block = encoder.begin
        self._encoder = encoder
        self._fields = fields
        self._common = common

    def whole(self, stream: Stream, status: str, headers: ResponseHeaders, body: bytes, extra: bytes) -> None:
        """A complete answer. Raises ``AnswerError``, with nothing sent."""
        code = check_status(status)
        rendered = render(headers)
        stated = rendered.length
        if code in WITHOUT_CONTENT:
            body, length = b"", b"" if code != 205 else length_field(0)
        elif stream.head_only:
            # RFC 9110 section 8.6: the length that GET would have; an empty body to HEAD does not tell it.
            length = length_field(len(body) if stated < 0 else stated) if body or stated >= 0 else b""
            body = b""
        else:
            length = length_field(len(body) if stated < 0 else stated)
            if 0 <= stated != len(body):
                body = self._fitted(stream, body, stated)
        self._head(stream, code, rendered, length + extra, ends=not body and not stream.ending)
        stream.ends = True
        if body or stream.ending:
            self._out.write(stream, body)
        else:
            stream.sending = False

    def _fitted(self, stream: Stream, body: bytes, stated: int) -> bytes:
        """Never more than was stated; after less the stream cannot end well (RFC 9113 section 8.1.1)."""
        if len(body) < stated:
            stream.ending = reset(stream.id, INTERNAL_ERROR)
        return body[:stated]

    def ready(self, stream: Stream, answer: Prepared, extra: bytes) -> None:
        """The head of a prepared answer, and its body where that is in memory; a file is the shell's to send."""
        block = answer.hpack
        if not block:
            block = answer.hpack = prepared_block(answer)
        block = b"".join((self._encoder.begin(), block, self._fields.ready(self._common)[answer.own], extra))
        stream.started = True
        ends = stream.head_only or not answer.length
        self._out.put(header_frames(stream.id, block, END_STREAM if ends else 0))
        if ends:
            stream.ends, stream.silent, stream.sending = True, True, False
        elif answer.file is None:
            stream.ends = True
            self._out.write(stream, answer.body)

    def again(self, stream: Stream, head: bytes, body: bytes) -> None:
        """An answer that was prepared, with the server's fields, and sent before."""
        stream.started = stream.ends = True
        self._out.put(header_frames(stream.id, self._encoder.begin() + head))
        self._out.write(stream, body)

    def joined(self, answer: Prepared) -> bytes:
        """The field block of a prepared answer with the server's fields."""
        return (answer.hpack or prepared_block(answer)) + self._fields.ready(self._common)[answer.own]

    @property
    def made_of(self) -> object:
        """What the server's fields are made of: another object when they change."""
        return self._common.ready

    def head(self, stream: Stream, status: str, headers: ResponseHeaders, extra: bytes) -> None:
        """The head of an answer that follows in pieces. Raises ``AnswerError``."""
        code = check_status(status)
        rendered = render(headers)
        stream.left = rendered.length
        stream.silent = code in WITHOUT_CONTENT or stream.head_only
        length = length_field(rendered.length) if rendered.length >= 0 else b""
        if code in WITHOUT_CONTENT:
            length = length_field(0) if code == 205 else b""
        self._head(stream, code, rendered, length + extra, ends=False)

    def _head(self, stream: Stream, code: int, rendered: Rendered, tail: bytes, *, ends: bool) -> None:
        common = self._fields.ready(self._common)[rendered.own]
        encoder = self._encoder
        block = b"".join((encoder.begin(), status_field(code), *map(encoder.encode, rendered.fields), common, tail))
        stream.started = True
        self._out.put(header_frames(stream.id, block, END_STREAM if ends else 0))

    def interim(self, stream: Stream, status: str, headers: ResponseHeaders) -> None:
        """RFC 9110 section 15.2. Raises ``AnswerError``."""
        code = check_interim(status)
        rendered = render(headers)
        if rendered.length >= 0:
            raise AnswerError("an interim answer has no content")
        encoder = self._encoder
        block = b"".join((encoder.begin(), status_field(code), *map(encoder.encode, rendered.fields)))
        self._out.put(header_frames(stream.id, block))

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
            stream.trailers = self._trailers(trailers)
        if stream.left > 0 and not stream.silent:
            stream.ending = reset(stream.id, INTERNAL_ERROR)
        stream.ends = True
        self._out.write(stream, b"")

    def _trailers(self, trailers: ResponseHeaders) -> bytes:
        """They may wait behind a body, so they must not touch the table, which later heads will change before."""
        for name, _value in trailers:
            if isinstance(name, str) and name.lower().encode("latin-1", "replace") in NOT_TRAILERS:
                raise AnswerError(f"{name} cannot be a trailer (RFC 9110 section 6.5.1)")
        rendered = render(trailers)
        if rendered.length >= 0:
            raise AnswerError("Content-Length cannot be a trailer (RFC 9110 section 6.5.1)")
        return rendered.plain()

    def break_off(self, stream: Stream, code: int = CANCEL) -> None:
        """The answer will never be complete, and the peer must not take it for that (section 8.1)."""
        self._out.drop(stream)
        self._out.put(reset(stream.id, code))


def prepared_block(answer: Prepared) -> bytes:
    """Its head in the form that every connection understands."""
    code = check_status(answer.status)
    rendered = render(answer.headers)
    length = length_field(rendered.length) if rendered.length >= 0 and code not in WITHOUT_CONTENT else b""
    if code == 205:
        length = length_field(0)
    return status_field(code) + rendered.plain() + length
