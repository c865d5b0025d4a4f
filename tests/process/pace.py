"""How late this machine is with everybody, just now.

A test that says "no request takes longer than half a second" is about the server, and runs on machines where others
run too. So a trivial server of its own, in a process of its own, is asked all the time: what it was late, and what a
request has to go through more often than once, is the machine's.
"""

from __future__ import annotations

import bisect
import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

_ECHO = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
peer, _ = listener.accept()
while data := peer.recv(100):
    peer.sendall(data)
"""
_PAUSE = 0.01
#: Processes and threads that a request wakes one after the other: loop, thread, loop, and the client's own.
_WAKES = 4


class Pace:
    """``excuse`` is what a request may have been late by no fault of the server's."""

    def __init__(self) -> None:
        self._began: list[float] = []
        self._seconds: list[float] = []

    def excuse(self, began: float, ended: float) -> float:
        """Seconds, for a request between two moments of the monotonic clock."""
        first = max(0, bisect.bisect(self._began, began) - 2)
        last = bisect.bisect(self._began, ended) + 1
        return _WAKES * max(self._seconds[first:last], default=0.0)

    def run(self, sock: socket.socket, stop: threading.Event) -> None:
        began = time.monotonic()
        while not stop.is_set():
            planned = began + _PAUSE
            stop.wait(_PAUSE)
            sock.sendall(b"x")
            sock.recv(1)
            now = time.monotonic()
            # What we ourselves woke too late counts as well.
            self._seconds.append(now - planned)
            self._began.append(planned)
            began = now


@contextlib.contextmanager
def pace() -> Iterator[Pace]:
    """Measured meanwhile."""
    found, stop = Pace(), threading.Event()
    with subprocess.Popen([sys.executable, "-S", "-c", _ECHO], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with socket.create_connection(("127.0.0.1", int(process.stdout.readline()))) as sock:
            thread = threading.Thread(target=found.run, args=(sock, stop))
            thread.start()
            try:
                yield found
            finally:
                stop.set()
                thread.join()
