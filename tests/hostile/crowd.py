"""Many sockets of one attacker at once."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time

from tests.kit.live import Server


class Crowd:
    """``count`` connections to ``server``, each with ``opening`` sent; a context manager that closes them."""

    def __init__(self, server: Server, count: int, opening: bytes = b"", receive_buffer: int = 0) -> None:
        self.sockets = [self._connect(server, opening, receive_buffer) for _ in range(count)]
        self.received: dict[socket.socket, bytes] = dict.fromkeys(self.sockets, b"")
        self.open = set(self.sockets)

    def _connect(self, server: Server, opening: bytes, receive_buffer: int) -> socket.socket:
        sock = server.client(receive_buffer=receive_buffer).sock
        if opening:
            sock.sendall(opening)
        sock.setblocking(False)
        return sock

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self.sockets:
            sock.close()

    def send(self, data: bytes) -> None:
        """To all that are open, as far as they take it."""
        for sock in list(self.open):
            try:
                sock.send(data)
            except BlockingIOError:
                pass
            except OSError:
                self.open.discard(sock)

    def until_dropped(self, seconds: float, drip: bytes = b"", every: float = 0.2) -> float:
        """Wait until the server has closed all of them, sending ``drip`` meanwhile. Returns how long it took."""
        began = drip_at = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for sock in self.open:
                selector.register(sock, selectors.EVENT_READ)
            while self.open:
                now = time.monotonic()
                assert now < began + seconds, f"{len(self.open)} of {len(self.sockets)} are open after {seconds} s"
                for key, _ in selector.select(every):
                    self._read(selector, key.fileobj)
                if drip and now >= drip_at:
                    drip_at = now + every
                    self.send(drip)
        return time.monotonic() - began

    def _read(self, selector: selectors.BaseSelector, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        data = b""
        with contextlib.suppress(OSError):
            data = sock.recv(65536)
        if data:
            self.received[sock] += data
        else:
            selector.unregister(sock)
            self.open.discard(sock)

    def statuses(self) -> list[bytes]:
        """The status that each got, or nothing."""
        return [data[9:12] for data in self.received.values()]
