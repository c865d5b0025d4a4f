"""A file without a name, in which a process writes what its threads do when it is asked, or when it crashes."""

from __future__ import annotations

import os
import tempfile

_MOST = 32 * 1024


class Stacks:
    """One process's file. It writes at the end (``faulthandler``), we read."""

    def __init__(self, fd: int | None = None) -> None:
        self._fd = _new() if fd is None else fd

    def fileno(self) -> int:
        """The descriptor, for the process that writes."""
        return self._fd

    def read(self) -> str:
        """What was written, or the first 32 KiB of it."""
        try:
            return os.pread(self._fd, _MOST, 0).decode(errors="replace").rstrip()
        except OSError:
            return ""

    def close(self) -> None:
        """Give the descriptor back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _new() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("hendrix-stacks")
    fd, path = tempfile.mkstemp(prefix="hendrix-stacks-")
    os.unlink(path)
    return fd
