"""A file on its way out, without passing through Python (sendfile(2)).

uvloop has no sendfile of its own, so the bytes go to a duplicate of the connection's descriptor while its transport
has nothing to write.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import BinaryIO

#: What one turn of the loop may send, so that one large file does not hold up the other connections.
_TURN = 2 * 1024 * 1024


class FileTransfer:
    """Sends ``count`` bytes of ``file`` to the socket ``fd``, then calls ``done(None)``, or ``done(error)``."""

    __slots__ = ("_done", "_fd", "_file", "_loop", "_offset", "_watching", "left")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        fd: int,
        file: BinaryIO,
        offset: int,
        count: int,
        done: Callable[[OSError | None], None],
    ) -> None:
        self._loop = loop
        self._fd = os.dup(fd)
        self._file = file
        self._offset = offset
        self.left = count
        self._done = done
        self._watching = False
        self._step()

    def _step(self) -> None:
        try:
            self._send()
        except BlockingIOError:
            self._watch()
        except OSError as error:
            self._end(error)
        except ValueError:
            self._end(OSError("the file was closed while it was sent"))
        else:
            if self.left:
                self._watch()
            else:
                self._end(None)

    def _send(self) -> None:
        turn = _TURN
        while self.left and turn > 0:
            sent = os.sendfile(self._fd, self._file.fileno(), self._offset, min(self.left, turn))
            if not sent:
                raise OSError("the file became shorter while it was sent")
            self._offset += sent
            self.left -= sent
            turn -= sent

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            self._loop.add_writer(self._fd, self._step)

    def _end(self, error: OSError | None) -> None:
        self.cancel()
        self._done(error)

    def cancel(self) -> None:
        """Stop, without a word. Safe to call again."""
        if self._fd < 0:
            return
        if self._watching:
            self._loop.remove_writer(self._fd)
        os.close(self._fd)
        self._fd = -1
