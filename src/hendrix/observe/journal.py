"""systemd's journal, spoken to in its own protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).

An entry is a datagram, or, where it is too large for one, a sealed memory file whose descriptor is sent. Nothing
waits: what the journal does not take now is not taken.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
from collections.abc import Mapping

PLACE = "/run/systemd/journal/socket"
VARIABLE = "JOURNAL_STREAM"
#: For entries that come at once ("bump up the SO_SNDBUF"); the kernel may give less.
_BUFFER = 8 << 20
_TOO_LARGE = (errno.EMSGSIZE, errno.ENOBUFS)


def is_journal(fd: int, environ: Mapping[str, str]) -> bool:
    """Does what is written to ``fd`` go to the journal? systemd says which file does by its device and inode."""
    device, colon, inode = environ.get(VARIABLE, "").partition(":")
    if not (colon and device.isdecimal() and inode.isdecimal()):
        return False
    try:
        found = os.fstat(fd)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (int(device), int(inode))


def is_there() -> bool:
    """Does a journal listen here?"""
    return os.path.exists(PLACE)


class Journal:
    """The journal at ``place``, else at its usual one.

    From any thread, and in any process after a fork: a datagram is whole or nothing.
    """

    def __init__(self, place: str = "") -> None:
        self._place = place or PLACE
        # Not connected: the socket may be another one after the journal was started anew.
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        except OSError:
            pass  # it does with less

    def send(self, entry: bytes) -> bool:
        """Have the journal take it. False: it is not there, or has too much to do."""
        try:
            self._socket.sendto(entry, self._place)
        except OSError as error:
            return error.errno in _TOO_LARGE and self._send_large(entry)
        return True

    def _send_large(self, entry: bytes) -> bool:
        """No payload, but the descriptor of a file that nobody can change any more."""
        try:
            file = os.memfd_create("hendrix-journal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        except OSError:
            return False
        try:
            _write(file, entry)
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
            given = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))
            self._socket.sendmsg([], [given], 0, self._place)
        except OSError:
            return False
        finally:
            os.close(file)
        return True

    def close(self) -> None:
        """It is no longer needed."""
        self._socket.close()


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
