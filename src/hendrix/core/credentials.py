"""What a server needs to prove who it is, on its way from the files that hold it to the processes that use it.

The parent process reads the files, which perhaps only root may read, and understands nothing of them; template and
workers do, and have no right to read them. In between it is one piece of JSON that no file system ever sees.
"""

from __future__ import annotations

import json
from dataclasses import asdict, field
from typing import Any

from hendrix.core.record import record


@record(frozen=True)
class Pem:
    """The content of one file. ``named``: it was given by its own name, and not found in a directory."""

    path: str
    text: str
    named: bool = True


@record(frozen=True)
class Credentials:
    """``certificates`` hold chains, ``keys`` private keys; a file may be both, and what belongs together is found out
    by whoever understands them. ``passwords`` are tried on keys that are encrypted. ``tickets`` are the secrets of
    session tickets, that of today first, in hexadecimal digits."""

    certificates: list[Pem] = field(default_factory=list)
    keys: list[Pem] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    client_ca: str = ""
    tickets: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        """Without secrets: it may end up in a traceback."""
        return f"Credentials({len(self.certificates)} certificates, {len(self.keys)} keys)"


def encode(credentials: Credentials) -> bytes:
    """For the file without a name that carries it."""
    return json.dumps(asdict(credentials)).encode()


def decode(data: bytes) -> Credentials:
    """The reverse of ``encode``."""
    plain: dict[str, Any] = json.loads(data)
    for name in ("certificates", "keys"):
        plain[name] = [Pem(**row) for row in plain[name]]
    return Credentials(**plain)
