"""An answer that was made ready before anybody asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hendrix.core.http import ResponseHeaders

#: Fields of the server that an answer has of its own (``Prepared.own``), one bit each.
OWN_DATE, OWN_SERVER, OWN_SECURITY = 1, 2, 4


class Descriptor(Protocol):
    """An open regular file. It is read by position, so that any number of answers may share it."""

    def fileno(self) -> int: ...


@dataclass(slots=True)
class Prepared:
    """A final answer with its head rendered; ``wire.prepare`` makes it. Any number of exchanges may send it.

    The body is ``body``, or ``length`` bytes of ``file`` from ``offset``. Who sends it holds on to ``file`` until it
    is sent, and closes nothing.
    """

    status: str
    #: All fields but those of the server and of the connection; Content-Length is among them.
    headers: ResponseHeaders
    #: The same as HTTP/1.1 writes it: status line and field lines, without the empty line that ends a head.
    head: bytes
    length: int
    body: bytes = b""
    file: Descriptor | None = None
    offset: int = 0
    own: int = 0
    #: The same head as HTTP/2 writes it, on every connection alike; made when it is first asked for.
    hpack: bytes = b""
