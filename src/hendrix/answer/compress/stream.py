"""A body that is compressed as it comes, and that the peer can read as far as it has come.

What comes within one turn of the loop is flushed together, at its end. Pieces too large for the loop go through a
thread, in parts, each only when the peer has room for it; so do files.
"""

from __future__ import annotations

import os
from collections import deque

from hendrix.answer.compress.coders import Coder
from hendrix.answer.compress.crew import Crew
from hendrix.core.errors import AnswerError
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Exchange, Threads
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import Descriptor

#: Bytes that the loop compresses itself: half a millisecond at the most.
ON_LOOP = 32 * 1024
#: Of what a thread compresses, how much at a time.
_PART = 256 * 1024


class Stream:
    """One body on its way. ``length`` is what its head stated, or -1."""

    def __init__(self, exchange: Exchange, threads: Threads, crew: Crew, coder: Coder, length: int) -> None:
        self._exchange = exchange
        self._threads = threads
        self._crew = crew
        self._coder = coder
        self._left = length
        #: What waits for a thread. While one has the coder, nobody else may touch it.
        self._waiting: deque[_Piece | _File] = deque()
        self._away = False
        self._flushing = False
        self._ended = False
        self._trailers: ResponseHeaders | None = None
        self._over = False
        self.on_gone, self.on_drained = exchange.on_gone, exchange.on_drained
        exchange.on_gone = self._lost
        exchange.on_drained = self._go_on

    @property
    def writable(self) -> bool:
        """See ``Exchange.writable``."""
        return not self._waiting and not self._away and self._exchange.writable

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        if self._left >= 0:
            data = data[: self._left]
            self._left -= len(data)
        if self._over or self._exchange.gone or not data:
            return True
        if self._away or self._waiting or len(data) > ON_LOOP:
            self._waiting.append(_Piece(data))
            self._go_on()
            return False
        return self._send(self._coder.feed(data))

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``."""
        if self._left >= 0:
            count = min(count, self._left)
            self._left -= count
        if self._over or self._exchange.gone or not count:
            return True
        try:
            self._waiting.append(_File(file, offset, count))
        except OSError as error:  # no descriptor is left for it: what was sent must not look complete
            self._fail(str(error))
        else:
            self._go_on()
        return False

    def finish(self, trailers: ResponseHeaders | None) -> None:
        """See ``Exchange.finish``."""
        self._ended = True
        self._trailers = trailers
        if not self._over and not self._away and not self._waiting:
            self._finish()

    def drop(self) -> None:
        """It ends here: nobody reads it, or it broke off. Whoever waits for the peer is told once that is gone."""
        self._over = True
        self.on_drained = None
        if not self._away:
            for each in self._waiting:
                each.close()
            self._waiting.clear()

    # --- on its way ----------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> bool:
        if not self._flushing:
            self._flushing = True
            self._threads.post(self._flush)
        return self._exchange.write(data) if data else self._exchange.writable

    def _flush(self) -> None:
        """At the end of the turn; or, where a thread has the coder, after what that brings."""
        self._flushing = False
        if not self._over and not self._away and (data := self._coder.flush()):
            self._exchange.write(data)

    def _go_on(self) -> None:
        """With what waits, if the peer has room; then tell whoever writes that there is."""
        if self._over or self._away or not self._exchange.writable:
            return
        if self._waiting:
            self._away = True
            if not self._crew.run(self._code_part, self._coded):
                self._threads.post(self._code_here)
        elif self._ended:
            self._finish()
        elif self.on_drained is not None:
            self.on_drained()

    def _code_part(self) -> bytes:
        """In a thread: the next part of what waits."""
        return self._coder.feed(self._waiting[0].part())

    def _code_here(self) -> None:
        """On the loop after all, a part in each turn: the threads have too much to do."""
        found: object
        try:
            found = self._code_part()
        except Exception as error:
            found = error
        self._coded(found)
        del found  # an exception knows this frame

    def _coded(self, found: object) -> None:
        self._away = False
        if self._over:
            self.drop()
        elif isinstance(found, bytes):
            if not self._waiting[0].left:
                self._waiting.popleft().close()
            self._send(found)
            self._go_on()
        else:
            self._fail(str(found))

    def _fail(self, reason: str) -> None:
        emit("compress.failed", ERROR, request=self._described, id=self._exchange.request_id, reason=reason)
        self._exchange.abort()
        self.drop()

    @property
    def _described(self) -> str:
        return self._exchange.request.described

    def _end(self) -> None:
        self._over = True
        # Bound methods of the answer, which knows this stream: a circle that only the collector would break.
        self.on_gone = self.on_drained = None

    def _finish(self) -> None:
        self._end()
        if self._left > 0:
            # Shorter than was stated: it must not look complete.
            self._exchange.abort()
            return
        self._exchange.write(self._coder.end())
        try:
            self._exchange.finish(self._trailers)
        except AnswerError as error:
            told = self._exchange.request_id
            emit("application.bad_answer", ERROR, request=self._described, reason=str(error), id=told)
            self._exchange.abort()

    def _lost(self) -> None:
        if not self._over and not self._away and not self._exchange.gone:
            # Not gone: the worker leaves, and ends this stream in the application's place.
            self._exchange.write(self._coder.end())
        told = self.on_gone
        self._end()
        self.drop()
        if told is not None:
            told()


class _Piece:
    """Bytes that wait."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self.left = len(data)

    def part(self) -> bytes | memoryview:
        at = len(self._data) - self.left
        self.left -= min(self.left, _PART)
        return self._data[at : at + _PART]

    def close(self) -> None:
        pass


class _File:
    """A part of a file that waits; held open, whatever becomes of whoever gave it."""

    def __init__(self, file: Descriptor, offset: int, count: int) -> None:
        self._fd = os.dup(file.fileno())
        self._offset = offset
        self.left = count

    def part(self) -> bytes | memoryview:
        data = os.pread(self._fd, min(self.left, _PART), self._offset)
        if not data:
            raise OSError("the file became shorter while it was sent")
        self._offset += len(data)
        self.left -= len(data)
        return data

    def close(self) -> None:
        os.close(self._fd)
