"""A file among the bytes of a connection: around its transport, or through one that encrypts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hendrix.core.events import DEBUG, WARNING, emit
from hendrix.core.prepared import Descriptor
from hendrix.worker.readfile import FileReading
from hendrix.worker.sendfile import FileTransfer


class FileOutput:
    """``count`` bytes of ``file`` from ``offset``; ``done()`` is called once they have left, unless that fails.

    They go around the transport, so they wait until it holds nothing more. It is to say so as soon as it holds
    nothing: see ``on_empty``.
    """

    __slots__ = ("_count", "_done", "_file", "_loop", "_offset", "_peer", "_started", "_transfer", "_transport")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        peer: str,
        file: Descriptor,
        offset: int,
        count: int,
        done: Callable[[], None],
    ) -> None:
        self._loop, self._transport, self._peer = loop, transport, peer
        self._file, self._offset, self._count = file, offset, count
        self._done = done
        self._started = False
        self._transfer: FileTransfer | FileReading | None = None

    @property
    def left(self) -> int:
        """Bytes that the peer has yet to take."""
        return self._transfer.left if self._transfer is not None else 0 if self._started else self._count

    def begin(self) -> None:
        """What is to stand before it has been written."""
        if not self._started and not self._transport.get_write_buffer_size():
            self._start()

    def on_empty(self) -> None:
        """The transport holds nothing more."""
        if self._transfer is not None:
            self._transfer.go_on()
        elif not self._started:
            self._start()

    def cancel(self) -> None:
        """Stop, without a word. Safe to call again."""
        self._started = True
        # It knows this one: as a circle they would hold the file open until the collector comes.
        transfer, self._transfer = self._transfer, None
        if transfer is not None:
            transfer.cancel()

    def _start(self) -> None:
        self._started = True
        if self._transport.is_closing():
            return  # and its descriptor may be another's already
        try:
            transfer = self._transmit()
        except OSError as error:  # no descriptor is left for it
            emit("file.cannot_send", WARNING, reason=str(error))
            self._transport.abort()
            return
        if transfer.left and not self._transport.is_closing():
            self._transfer = transfer

    def _transmit(self) -> FileTransfer | FileReading:
        piece = (self._file, self._offset, self._count, self._sent)
        if self._transport.get_extra_info("sslcontext") is None:
            return FileTransfer(self._loop, self._transport.get_extra_info("socket").fileno(), *piece)
        return FileReading(self._loop, self._transport, *piece)

    def _sent(self, error: OSError | None) -> None:
        self._transfer = None
        if error is None:
            self._done()
        else:
            emit("file.broken_off", DEBUG, reason=str(error), peer=self._peer)
            self._transport.abort()
