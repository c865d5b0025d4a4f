"""Steady requests from clients of their own, and what became of them.

Half of the clients make a new connection for each request, the others keep theirs as long as the server lets them.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.kit.client import Client
from tests.kit.live import Server, until
from tests.process.pace import Pace, pace

#: Requests that may be under way at once.
CLIENTS = 4
_PAUSE = 0.015


@dataclass
class Load:
    """``failures`` say what went wrong; ``pids`` who answered, in order."""

    server: Server
    pace: Pace
    target: str = "/pid"
    failures: list[str] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    _took: list[tuple[float, float]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self, stop: threading.Event, *, keep: bool) -> None:
        client: Client | None = None
        while not stop.wait(_PAUSE):
            number, began = next(self._numbers), time.monotonic()
            try:
                client = self._ask(client or self.server.client(timeout=15), number, keep=keep)
            except Exception as error:
                client = None
                self.failures.append(f"{number}: {type(error).__name__}: {error}")
            self._took.append((began, time.monotonic()))
        if client:
            client.close()

    @property
    def slowest(self) -> float:
        """Seconds that the slowest request would have taken on a machine that nobody else uses."""
        return max((ended - began) / self.pace.stretch(began, ended) for began, ended in self._took)

    def _ask(self, client: Client, number: int, *, keep: bool) -> Client | None:
        """One request; the connection where it may be used again."""
        try:
            client.begin("GET", f"{self.target}?n={number}", "Connection: keep-alive" if keep else "Connection: close")
            if not client.sock.recv(1, socket.MSG_PEEK):
                raise ConnectionResetError("closed without an answer")
            answer = client.answer()
            assert answer.status == 200
            self.pids.append(int(answer.body))
            kept = keep and "close" not in answer.all("connection")
        except BaseException:
            client.close()
            raise
        if not kept:
            client.close()
        return client if kept else None

    def more(self, count: int = 50) -> list[int]:
        """Wait for ``count`` more answers; returns who gave them."""
        since = len(self.pids)
        until(lambda: len(self.pids) >= since + count, f"{count} more answers; {self.failures}")
        return self.pids[since:]


@contextlib.contextmanager
def load(server: Server, target: str = "/pid") -> Iterator[Load]:
    """Some 200 requests a second."""
    with pace() as measured:
        yield from _loaded(Load(server, measured, target))


def _loaded(running: Load) -> Iterator[Load]:
    stop = threading.Event()
    threads = [
        threading.Thread(target=running.run, args=(stop,), kwargs={"keep": number % 2 == 1})
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        stop.set()
        for thread in threads:
            thread.join()
