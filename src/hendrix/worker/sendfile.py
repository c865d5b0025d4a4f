"""A file on its way out, without passing through Python (sendfile(2)).

uvloop has no sendfile of its own, so the bytes go to the connection's descriptor while its transport has nothing to
write: to the very one as long as nothing need be waited for, and to a duplicate from then on, which the loop can watch
beside the transport.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from hendrix.core.prepared import Descriptor

#: What one turn of the loop may send, so that one large file does not hold up the other connections.
_TURN = 2 * 1024 * 1024


class FileTransfer:
    """Sends ``count`` bytes of ``file`` to the socket ``fd``, then calls ``done(None)``, or ``done(error)``.

    ``fd`` is used only within this call. Raises ``OSError`` where it cannot be duplicated.
    """

    __slots__ = ("_done", "_fd", "_file", "_loop", "_offset", "left")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        fd: int,
        file: Descriptor,
        offset: int,
        count: int,
        done: Callable[[OSError | None], None],
    ) -> None:
        self._loop = loop
        self._fd = -1
        self._file = file
        self._offset = offset
        self.left = count
        self._done = done
        if self._step(fd):
            self._fd = os.dup(fd)
            loop.add_writer(self._fd, self.go_on)

    def go_on(self) -> None:
        """The socket takes more."""
        if self._fd >= 0:
            self._step(self._fd)

    def _step(self, fd: int) -> bool:
        """Send what one turn may. False: it has ended, one way or the other."""
        try:
            self._send(fd)
        except BlockingIOError:
            return True
        except OSError as error:
            self._end(error)
            return False
        except ValueError:
            self._end(OSError("the file was closed while it was sent"))
            return False
        if not self.left:
            self._end(None)
        return self.left > 0

    def _send(self, fd: int) -> None:
        turn = _TURN
        while self.left and turn > 0:
            sent = os.sendfile(fd, self._file.fileno(), self._offset, min(self.left, turn))
            if not sent:
                raise OSError("the file became shorter while it was sent")
            self._offset += sent
            self.left -= sent
            turn -= sent

    def _end(self, error: OSError | None) -> None:
        self.cancel()
        self._done(error)

    def cancel(self) -> None:
        """Stop, without a word. Safe to call again."""
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)
            os.close(self._fd)
            self._fd = -1
