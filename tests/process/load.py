"""Steady requests from clients of their own, each on a new connection, and what became of them."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.kit.live import Server, until

#: Requests that may be under way at once.
CLIENTS = 4
_PAUSE = 0.015


@dataclass
class Load:
    """``slowest`` in seconds; ``failures`` say what went wrong; ``pids`` who answered, in order."""

    server: Server
    target: str = "/pid"
    failures: list[str] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    slowest: float = 0.0
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(_PAUSE):
            number, began = next(self._numbers), time.monotonic()
            try:
                with self.server.client(timeout=15) as client:
                    client.begin("GET", f"{self.target}?n={number}", "Connection: close")
                    if not client.sock.recv(1, socket.MSG_PEEK):
                        raise ConnectionResetError("closed without an answer")
                    answer = client.answer()
                assert answer.status == 200
                self.pids.append(int(answer.body))
            except Exception as error:
                self.failures.append(f"{number}: {type(error).__name__}: {error}")
            self.slowest = max(self.slowest, time.monotonic() - began)

    def more(self, count: int = 50) -> list[int]:
        """Wait for ``count`` more answers; returns who gave them."""
        since = len(self.pids)
        until(lambda: len(self.pids) >= since + count, f"{count} more answers; {self.failures}")
        return self.pids[since:]


@contextlib.contextmanager
def load(server: Server) -> Iterator[Load]:
    """Some 200 requests a second."""
    running, stop = Load(server), threading.Event()
    threads = [threading.Thread(target=running.run, args=(stop,)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        stop.set()
        for thread in threads:
            thread.join()
