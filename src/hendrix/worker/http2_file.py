"""A file on its way out through a stream of HTTP/2, whose frames have to be made of its bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from hendrix.core.events import DEBUG, emit
from hendrix.core.prepared import Descriptor
from hendrix.wire.http2.stream import Stream

if TYPE_CHECKING:
    from hendrix.worker.http2_connection import Http2Connection

_PIECE = 64 * 1024


class FileSending:
    """Writes ``count`` bytes of ``file`` to ``stream`` no faster than it takes them, then calls ``done``.

    Where the file cannot be read it calls ``fail`` instead.
    """

    __slots__ = ("_connection", "_done", "_fail", "_file", "_left", "_offset", "_stream")

    def __init__(
        self,
        connection: Http2Connection,
        stream: Stream,
        file: Descriptor,
        offset: int,
        count: int,
        done: Callable[[], None],
        fail: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._file = file
        self._offset = offset
        self._left = count
        self._done = done
        self._fail = fail

    def go_on(self) -> None:
        """The stream takes more."""
        stream = self._stream
        out = self._connection.machine.out
        try:
            while self._left and not stream.full:
                data = os.pread(self._file.fileno(), min(self._left, _PIECE), self._offset)
                if not data:
                    raise OSError("the file became shorter while it was sent")
                self._offset += len(data)
                self._left -= len(data)
                out.write(stream, data)
        except (OSError, ValueError) as error:  # ValueError: the file was closed meanwhile
            emit("file.broken_off", DEBUG, reason=str(error), peer=self._connection.origin.client[0])
            self._fail()
            return
        self._connection.touch()
        if not self._left:
            self._done()
