"""Twisted's reactor on our loop.

Projects import ``twisted.internet.reactor`` at module level, so a reactor must be installed before the project is
imported, in the template, where no loop runs. After the fork each worker gives *the same object* a loop of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any, cast

from twisted.internet import main
from twisted.internet.error import CannotListenError

from hendrix.worker.late_tls import asyncioreactor, tcp, unix
from hendrix.worker.lender import Lender, Place, lendable
from hendrix.worker.twisted_threads import Threads

# Here and not at the first use, which is in the workers: what is imported before the fork is shared by all.
_loops: Any = asyncio
with contextlib.suppress(ImportError):
    import uvloop as _loops


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, or asyncio's own where uvloop is not to be had."""
    return cast("asyncio.AbstractEventLoop", _loops.new_event_loop())


class Reactor(asyncioreactor.AsyncioSelectorReactor):
    """Twisted's asyncio reactor, able to move to another loop, and to see its children exit under uvloop."""

    #: Lends the sockets of ports, so that they outlive this process; None: it binds them itself.
    lender: Lender | None = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._borrowed: list[Any] = []

    def adopt(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a forked worker: go on with ``loop``, which nobody else has used.

        What the project asked for at import (``callWhenRunning``, ``callLater``, open ports) is kept.
        """
        readers, writers = list(self._readers), list(self._writers)
        self._readers.clear()
        self._writers.clear()
        self._internalReaders.clear()
        waker, self.waker = self.waker, None
        stale, self._asyncioEventloop = self._asyncioEventloop, loop
        self._scheduledAt = self._timerHandle = None
        self.installWaker()
        for reader in readers:
            if reader is not waker:
                self.addReader(reader)
        for writer in writers:
            self.addWriter(writer)
        # The timer of what was scheduled at import stood on the loop that never ran.
        self._reschedule()
        stale.close()
        waker.connectionLost(None)

    def renew(self) -> None:
        """After it has ended: it may run again, on another loop. Only tests do that."""
        self._startedBefore = False
        for done in (self.crash, self.disconnectAll):  # as at first; what was done once is forgotten
            self.addSystemEventTrigger("during", "shutdown", done)

    # --- ports --------------------------------------------------------------------------------------------

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        """See ``IReactorTCP``. The socket is the server's, and the same in all workers of all generations."""
        place = lendable("tcp", interface, port)
        if self.lender is None or place is None:
            return super().listenTCP(port, factory, backlog, interface)
        return self._adopted(place, backlog, lambda fd, family: self.adoptStreamPort(fd, family, factory))

    def listenUDP(self, port: int, protocol: Any, interface: str = "", maxPacketSize: int = 8192) -> Any:  # noqa: N803
        """See ``IReactorUDP``. As with TCP; a datagram goes to one of the workers."""
        place = lendable("udp", interface, port)
        if self.lender is None or place is None:
            return super().listenUDP(port, protocol, interface, maxPacketSize)
        return self._adopted(place, 0, lambda fd, family: self.adoptDatagramPort(fd, family, protocol, maxPacketSize))

    def _adopted(self, place: Place, backlog: int, adopt: Callable[[int, int], Any]) -> Any:
        assert self.lender is not None
        try:
            sock = self.lender.borrow(place, backlog)
        except OSError as refused:
            raise CannotListenError(place.host, place.port, refused) from refused
        with sock:
            port = adopt(sock.fileno(), sock.family)
        self._borrowed.append(port)
        lost = port.connectionLost

        def connection_lost(*args: Any, **kwargs: Any) -> None:
            self._borrowed.remove(port)
            lost(*args, **kwargs)
            if self.lender is not None:
                self.lender.give_back(place)

        port.connectionLost = connection_lost
        return port

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: Any = None,  # noqa: N803
    ) -> Any:
        """See ``IReactorTCP``. Asked for at import, each worker connects: the socket of one would be that of all."""
        connector = tcp.Connector(host, port, factory, timeout, bindAddress, self)
        self.callWhenRunning(connector.connect)
        return connector

    def connectUNIX(self, address: str, factory: Any, timeout: float = 30, checkPID: Any = 0) -> Any:  # noqa: N803
        """See ``IReactorUNIX``; as with TCP."""
        connector = unix.Connector(address, factory, timeout, self, checkPID)
        self.callWhenRunning(connector.connect)
        return connector

    def let_go(self) -> None:
        """Accept and receive nothing more at borrowed ports: that is for others now. What is open goes on."""
        for port in self._borrowed:
            port.stopReading()

    # --- threads ------------------------------------------------------------------------------------------

    def _initThreadPool(self) -> None:
        """As in ``ReactorBase``, with threads that leave no database connection behind."""
        self.threadpool = Threads(0, 10, "twisted.internet.reactor")
        self._threadpoolStartupID = self.callWhenRunning(self.threadpool.start)
        self.threadpoolShutdownID = self.addSystemEventTrigger("during", "shutdown", self._stopThreadPool)

    # --- children -----------------------------------------------------------------------------------------

    def spawnProcess(self, *args: Any, **kwargs: Any) -> Any:
        """See ``IReactorProcess``. uvloop keeps SIGCHLD to itself, so the child is watched by a pidfd (Linux)."""
        process = super().spawnProcess(*args, **kwargs)
        pid = getattr(process, "pid", None)
        if pid and hasattr(os, "pidfd_open"):
            self._watch_child(pid, process)
        return process

    def _watch_child(self, pid: int, process: Any) -> None:
        loop = self._asyncioEventloop
        fd = os.pidfd_open(pid)

        def exited() -> None:
            loop.remove_reader(fd)
            os.close(fd)
            if process.pid is not None:  # else the end of its pipes came first, and Twisted has reaped it
                process.reapProcess()

        loop.add_reader(fd, exited)


def install() -> Reactor:
    """In the template: install a reactor on a loop that never runs."""
    reactor = Reactor(asyncio.new_event_loop())
    main.installReactor(reactor)
    return reactor
