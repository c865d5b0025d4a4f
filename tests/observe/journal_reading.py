"""Datagrams to systemd's journal, read by its published protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL), written
without a look at the code that makes them."""

from __future__ import annotations

import array
import fcntl
import os
import socket
from pathlib import Path

SEALED = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def read_entry(data: bytes) -> dict[str, bytes]:
    """The fields of one entry, each of which it has once."""
    found: dict[str, bytes] = {}
    while data:
        line, newline, rest = data.partition(b"\n")
        assert newline, "each field ends with a newline"
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + size], rest[8 + size :]
            assert len(value) == size and rest[:1] == b"\n"
            rest = rest[1:]
        key = name.decode("ascii")
        assert key and key not in found
        found[key] = value
        data = rest
    return found


class FakeJournal:
    """The socket of a journal. ``entries`` are those that have come."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)
        #: How many came as files.
        self.files = 0

    def entries(self) -> list[dict[str, bytes]]:
        found: list[dict[str, bytes]] = []
        while (data := self._receive()) is not None:
            found.append(read_entry(data))
        return found

    def _receive(self) -> bytes | None:
        try:
            data, ancillary, _, _ = self._socket.recvmsg(1 << 20, socket.CMSG_SPACE(4 * 8))
        except BlockingIOError:
            return None
        fds = array.array("i", b"".join(given for _, _, given in ancillary))
        if not fds:
            assert data, "neither payload nor file: it would be ignored"
            return data
        assert not data and len(fds) == 1, "a file, and nothing else"
        self.files += 1
        assert fcntl.fcntl(fds[0], fcntl.F_GET_SEALS) & SEALED == SEALED, "fully sealed"
        try:
            return os.pread(fds[0], os.fstat(fds[0]).st_size, 0)
        finally:
            os.close(fds[0])

    def close(self) -> None:
        self._socket.close()
