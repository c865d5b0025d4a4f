"""How slow this machine is for everybody, just now.

A test that says "no request takes longer than half a second" is about the server, and runs on machines where others
run too. So a process of its own does the same small piece of work again and again: as much longer as that takes than
it needs of a processor, so much slower is the machine, for the server as well.
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

_WORK = 0.01  # seconds of a processor
_ECHO = """
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
peer, _ = listener.accept()
while data := peer.recv(100):
    end = time.thread_time() + 0.01
    while time.thread_time() < end:
        pass
    peer.sendall(data)
"""
_PAUSE = 0.07


class Pace:
    """``stretch`` is how many times longer than on an idle machine anything took."""

    def __init__(self) -> None:
        self._began: list[float] = []
        self._seconds: list[float] = []

    def stretch(self, began: float, ended: float) -> float:
        """Between two moments of the monotonic clock; 1 where nobody else runs."""
        first = max(0, bisect.bisect(self._began, began) - 2)
        last = bisect.bisect(self._began, ended) + 1
        return max(1.0, max(self._seconds[first:last], default=0.0) / _WORK)

    def run(self, sock: socket.socket, stop: threading.Event) -> None:
        while not stop.wait(_PAUSE):
            began = time.monotonic()
            sock.sendall(b"x")
            sock.recv(1)
            self._seconds.append(time.monotonic() - began)
            self._began.append(began)


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
