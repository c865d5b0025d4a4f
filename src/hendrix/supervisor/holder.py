"""Which process listens at a TCP port, as far as ``/proc`` tells cheaply. For error messages only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_LISTEN = "0A"


def port_holder(port: int) -> str:
    """``name (pid N)`` of the process that listens at ``port``, or nothing where that cannot be seen."""
    targets = {f"socket:[{inode}]" for inode in _listening(port)}
    pid = min((pid for pid in _processes() if targets & set(_descriptors(pid))), default=None)
    return "" if pid is None else f"{_name(pid)} (pid {pid})"


def _listening(port: int) -> Iterator[str]:
    wanted = f"{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _read(table).splitlines()[1:]:
            columns = line.split()
            if columns[3] == _LISTEN and columns[1].endswith(f":{wanted}"):
                yield columns[9]


def _processes() -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from (int(name) for name in os.listdir("/proc") if name.isdigit())


def _descriptors(pid: int) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                yield os.readlink(f"{folder}/{name}")


def _name(pid: int) -> str:
    name = _read(f"/proc/{pid}/comm").strip()  # the first 15 characters of a title
    return "another Hendrix" if name.startswith("hendrix:") else name or "a process"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
