"""The other end of a server's control socket: ask, show what it says meanwhile, and return what it says at the end."""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import monotonic

from hendrix.core.console import Ask, Decoder, Done, Line, Say, encode
from hendrix.core.errors import HendrixError
from hendrix.supervisor.private import short

_LOOK = 2.0  # seconds of silence after which one looks what is wrong
_CHUNK = 1 << 16

Show = Callable[[str], None]
Look = Callable[[], None]


class Absent(HendrixError):
    """Nobody listens at the control socket."""


class Gone(HendrixError):
    """The server ended the conversation in the middle."""


def converse(path: str, ask: Ask, show: Show, look: Look, patience: float) -> Done:
    """Ask the server at ``path``.

    ``show`` is told what it says meanwhile, ``look`` is called while it says nothing and may raise. ``patience`` are
    the seconds that it has for its first line; after that it may take its time. Raises ``Absent``, ``Gone``, or
    ``HendrixError`` where it does not answer or is not to be understood.
    """
    with _connected(path, patience) as sock:
        try:
            sock.sendall(encode(ask))
            return _answer(sock, show, look, monotonic() + patience)
        except ConnectionError:
            raise Gone("the server ended the conversation") from None


def _connected(path: str, patience: float) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(patience)  # it waits where too many ask at once
    try:
        with short(path) as address:
            sock.connect(address)
    except OSError as error:
        sock.close()
        raise _unconnected(path, error) from None
    return sock


def _unconnected(path: str, error: OSError) -> HendrixError:
    if isinstance(error, FileNotFoundError | ConnectionRefusedError | NotADirectoryError):
        return Absent(f"nobody listens at the control socket {path}")
    if isinstance(error, TimeoutError):
        return HendrixError(f"the server does not answer at its control socket {path}; its log may say why")
    if isinstance(error, PermissionError):
        return HendrixError(f"{path}: permission denied; the server is another user's: ask as that user or as root")
    return HendrixError(f"{path}: {(error.strerror or str(error)).lower()}")


def _answer(sock: socket.socket, show: Show, look: Look, deadline: float) -> Done:
    decoder, heard = Decoder(), False
    sock.settimeout(min(_LOOK, max(0.01, deadline - monotonic())))
    while True:
        try:
            data = sock.recv(_CHUNK)
        except TimeoutError:
            look()
            if not heard and monotonic() > deadline:
                raise HendrixError("the server does not answer; its log may say why") from None
            continue
        if not data:
            raise Gone("the server ended the conversation")
        if not heard:
            heard = True
            sock.settimeout(_LOOK)
        for line in _decoded(decoder, data):
            if isinstance(line, Done):
                return line
            if isinstance(line, Say):
                show(line.text)


def _decoded(decoder: Decoder, data: bytes) -> list[Line]:
    try:
        return decoder.feed(data)
    except ValueError as error:
        raise HendrixError(f"the server's answer is not understood: {error}; is hx of another version?") from None
