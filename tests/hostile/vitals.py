"""What a process uses, and whether the server answers while it is attacked."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.kit.live import Server, until

#: A probe must be answered within this many seconds, whatever an attacker does.
PROMPT = 2.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Vitals:
    """One process, as the kernel sees it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/task"))

    @property
    def memory(self) -> float:
        """Resident, MiB."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return int(found[1]) / 1024

    @property
    def processor(self) -> float:
        """Seconds used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def load(self, seconds: float = 1.0) -> float:
        """Share of one processor over the next ``seconds``."""
        began, used = time.monotonic(), self.processor
        time.sleep(seconds)  # what is measured is a span of time
        return (self.processor - used) / (time.monotonic() - began)


def worker(server: Server) -> Vitals:
    """The only worker."""
    (pid,) = server.workers()
    return Vitals(pid)


def waited_in_line(pids: list[int]) -> float:
    """Seconds that threads of the processes ``pids`` have been runnable without running. Of a worker's threads one
    runs at a time, and while it waits for a processor the others wait for it."""
    waited = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                waited += int((task / "schedstat").read_text().split()[1])
    return waited / 1e9


class Probe:
    """A well-behaved client that asks again and again over new connections."""

    def __init__(self, server: Server, target: str = "/probe") -> None:
        self._server = server
        self._target = target
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.times: list[float] = []
        self.failures: list[str] = []

    def __enter__(self) -> Probe:
        self._thread.start()
        until(lambda: self.times or self.failures, "the first probe")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if kind is None:
            assert self.failures == []
            assert max(self.times) < PROMPT, f"a probe took {max(self.times):.2f} s"

    def _run(self) -> None:
        pids = [*self._server.workers(), os.getpid()]
        while not self._stop.is_set():
            began, in_line = time.monotonic(), waited_in_line(pids)
            try:
                with self._server.client(timeout=10) as client:
                    assert client.get(self._target, "Connection: close").status == 200
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            # A machine that is busy with others makes both ends wait for a processor: that is not the server's doing.
            self.times.append(time.monotonic() - began - (waited_in_line(pids) - in_line))
            self._stop.wait(0.1)


@contextlib.contextmanager
def unharmed(server: Server, megabytes: float = 20, threads: int = 8) -> Iterator[Probe]:
    """Within, ``server`` answers promptly; afterwards it has let go of everything."""
    with server.client() as client:
        client.get("/probe", "Connection: close")
    vitals = worker(server)
    descriptors, memory = vitals.descriptors, vitals.memory
    with Probe(server) as probe:
        yield probe
    until(lambda: vitals.descriptors <= descriptors + 1, "its descriptors to be closed")
    until(lambda: vitals.threads <= threads, f"its threads to go ({vitals.threads})", 40)
    # What the allocator keeps is given back every few seconds.
    until(lambda: vitals.memory < memory + megabytes, f"its memory to shrink from {vitals.memory:.0f} to {memory:.0f}")


def entered(server: Server) -> list[str]:
    """What reached the application since this was asked last."""
    with server.client() as client:
        seen = client.get("/seen").text.split("\n")
        client.get("/forget")
    return [entry for entry in seen if entry and entry != "GET /forget"]
