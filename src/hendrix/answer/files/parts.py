"""Several parts of one file on their way out, each straight from the disk."""

from __future__ import annotations

from hendrix.answer.files.opening import OpenFile
from hendrix.core.exchange import Exchange
from hendrix.core.http import ResponseHeaders
from hendrix.core.ranges import Multipart, Span


class Parts:
    """One answer with a body of ``multipart/byteranges``."""

    __slots__ = ("_at", "_exchange", "_file", "_multipart", "_spans")

    def __init__(self, exchange: Exchange, file: OpenFile, spans: list[Span], multipart: Multipart) -> None:
        self._exchange = exchange
        self._file = file
        self._spans = spans
        self._multipart = multipart
        self._at = 0

    def begin(self, status: str, headers: ResponseHeaders) -> None:
        """Send the head, and then one part after the other."""
        self._exchange.start(status, [*headers, ("Content-Length", str(self._multipart.length))])
        self._go_on()

    def _go_on(self) -> None:
        exchange = self._exchange
        exchange.on_drained = None
        while self._at < len(self._spans):
            span = self._spans[self._at]
            exchange.write(self._multipart.heads[self._at])
            self._at += 1
            if not exchange.send_file(self._file, span.offset, span.length):
                exchange.on_drained = self._go_on
                return
        exchange.write(self._multipart.tail)
        exchange.finish()
