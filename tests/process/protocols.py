"""A project with protocols of its own beside the site, and clients of them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from tests.kit.live import until

SERVICES = '''
import os
from pathlib import Path

from twisted.application.service import Service
from twisted.internet import protocol, reactor, task
from twisted.internet.defer import inlineCallbacks


def note(text):
    with open("noted", "a") as file:
        file.write(f"{text}\\n")


class Pid(protocol.Protocol):
    def connectionMade(self):
        self.transport.write(b"%d\\n" % os.getpid())
        self.transport.loseConnection()


class Echo(protocol.DatagramProtocol):
    def datagramReceived(self, data, address):
        self.transport.write(b"%d %s" % (os.getpid(), data), address)


class Listening(Service):
    """Says who it is, at a port."""

    def startService(self):
        Service.startService(self)
        note(f"start {self.name} {os.getpid()}")
        self.port = self.listen()

    def listen(self):
        return reactor.listenTCP(PORT, protocol.Factory.forProtocol(Pid))

    @inlineCallbacks
    def stopService(self):
        yield self.port.stopListening()
        yield task.deferLater(reactor, 0.05, lambda: None)
        note(f"stop {self.name} {os.getpid()}")


class Tcp(Listening):
    pass


class Udp(Listening):
    def listen(self):
        return reactor.listenUDP(PORT, Echo())


class OnceTcp(Tcp):
    once = True


class OnceUdp(Udp):
    once = True
'''


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """One that nobody uses, now."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def add_services(project, settings: str, more: str = "") -> int:
    """Have the project run services; ``settings`` are those of Hendrix. The port that they have."""
    port = free_port()
    project.write("services.py", f"PORT = {port}\n{SERVICES}\n{more}")
    project.add("settings.py", settings)
    return port


def noted(project) -> list[str]:
    """What the services have noted."""
    file = project.folder / "noted"
    return file.read_text().splitlines() if file.exists() else []


def ask_tcp(port: int) -> int:
    """The process that answers."""
    with socket.create_connection(("127.0.0.1", port), 5) as sock, sock.makefile() as lines:
        return int(lines.readline())


def ask_udp(port: int, text: bytes = b"hello") -> int:
    """The process that answers; one datagram, which must not be lost."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(text, ("127.0.0.1", port))
        pid, _, echoed = sock.recv(1000).partition(b" ")
        assert echoed == text
        return int(pid)


class Steady:
    """Asks without a pause. ``pids`` answered, ``failures`` are what went wrong."""

    def __init__(self, ask: Callable[[int], int], port: int) -> None:
        self.ask, self.port = ask, port
        self.pids: list[int] = []
        self.failures: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.wait(0.002):
            try:
                self.pids.append(self.ask(self.port))
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")

    def more(self, count: int = 50) -> list[int]:
        """Wait for ``count`` answers more."""
        since = len(self.pids)
        until(lambda: len(self.pids) >= since + count or self.failures, f"{count} more answers")
        return self.pids[since:]


@contextlib.contextmanager
def steady(ask: Callable[[int], int], port: int) -> Iterator[Steady]:
    """Meanwhile the port is asked all the time."""
    running = Steady(ask, port)
    threads = [threading.Thread(target=running.run) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        running.stop.set()
        for thread in threads:
            thread.join()
