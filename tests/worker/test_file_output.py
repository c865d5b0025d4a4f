"""A file on its way out that is broken off."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import weakref
from typing import Any

import pytest

from hendrix.worker.file_output import FileOutput

SIZE = 16 * 1024 * 1024


class Held:
    """An open file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd


class Transport:
    """Over a socket that takes little, or through what encrypts."""

    def __init__(self, sock: socket.socket, *, secure: bool) -> None:
        self._facts = {"socket": sock, "sslcontext": object() if secure else None}
        self.waiting = 0
        self.aborted = False

    def get_extra_info(self, name: str) -> Any:
        return self._facts[name]

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def write(self, data: bytes) -> None:
        self.waiting += len(data)

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "secure"])
@pytest.mark.parametrize("shorter", [False, True], ids=["cancelled", "shorter"])
def test_nobody_has_the_file_any_more(tmp_path, secure, shorter) -> None:
    """Not even until the collector comes: hundreds of descriptors stayed open after as many broken-off downloads."""
    (tmp_path / "content").write_bytes(b"x" * 1000)
    os.truncate(tmp_path / "content", 1000 if shorter else SIZE)
    gc.disable()
    fd = os.open(tmp_path / "content", os.O_RDONLY)
    loop = asyncio.new_event_loop()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    try:
        file, transport = Held(fd), Transport(ours, secure=secure)
        gone = weakref.ref(file)
        output = FileOutput(loop, transport, "peer", file, 0, SIZE, lambda: None)
        del file
        output.begin()
        if secure and shorter:
            transport.waiting = 0
            output.on_empty()
        assert transport.aborted == shorter
        output.cancel()
        del output
        loop.run_until_complete(asyncio.sleep(0))
        assert gone() is None
    finally:
        gc.enable()
        loop.close()
        ours.close()
        theirs.close()
        os.close(fd)
