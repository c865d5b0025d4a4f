"""A file on its way out through a transport that must see its bytes, as one that encrypts does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from hendrix.core.prepared import Descriptor

_PIECE = 128 * 1024
#: Pieces of one turn of the loop, so that one large file does not hold up the other connections.
_TURN = 8


class FileReading:
    """Writes ``count`` bytes of ``file`` to ``transport`` no faster than it takes them. See ``FileTransfer``."""

    __slots__ = ("_done", "_file", "_loop", "_offset", "_stopped", "_transport", "left")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.WriteTransport,
        file: Descriptor,
        offset: int,
        count: int,
        done: Callable[[OSError | None], None],
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._file = file
        self._offset = offset
        self.left = count
        self._done = done
        self._stopped = False
        self.go_on()

    def go_on(self) -> None:
        """The transport takes more."""
        try:
            for _ in range(_TURN):
                if self._stopped:
                    return
                self._send()
                if not self.left:
                    self._end(None)
                    return
                if self._transport.get_write_buffer_size():
                    return
        except (OSError, ValueError) as error:
            self._end(error if isinstance(error, OSError) else OSError("the file was closed while it was sent"))
            return
        self._loop.call_soon(self.go_on)

    def _send(self) -> None:
        data = os.pread(self._file.fileno(), min(self.left, _PIECE), self._offset)
        if not data:
            raise OSError("the file became shorter while it was sent")
        self._offset += len(data)
        self.left -= len(data)
        self._transport.write(data)

    def _end(self, error: OSError | None) -> None:
        self._stopped = True
        self._done(error)

    def cancel(self) -> None:
        """Stop, without a word. Safe to call again."""
        self._stopped = True
