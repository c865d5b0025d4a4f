"""What serves, without the process around it: threads, chain, connections, and their end.

A worker puts it into a process that a supervisor looks after; the live server of tests into a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hendrix.answer.caching.building import build_cache
from hendrix.answer.forwarded import trust
from hendrix.answer.tasks import Tasks
from hendrix.core.config import Config
from hendrix.core.record import record
from hendrix.tasks.crew import crew
from hendrix.wire.proxy_line import ProxyLine
from hendrix.worker.coding import CodingThreads
from hendrix.worker.connection import Connection
from hendrix.worker.disk import DiskThreads
from hendrix.worker.handshake import ALPN, Handshake, Protocols, Queue
from hendrix.worker.listen import Doors, Listener
from hendrix.worker.measures import Measures, forget
from hendrix.worker.record import Recorder
from hendrix.worker.served import Served, asgi_host, build_answer, introduce
from hendrix.worker.shares import Share
from hendrix.worker.site import build_site
from hendrix.worker.threads import ThreadPool
from hendrix.worker.traces import begin, ending

if TYPE_CHECKING:
    from hendrix.tls.keyring import Keyring
    from hendrix.worker.http3_door import Http3Door

#: Seconds that cancelled tasks have to learn that their peers are gone.
_FAREWELL = 0.1
#: Seconds between looks whether threads have gone.
_LOOK = 0.005


@record(frozen=True)
class Secured:
    """What HTTPS is spoken with, and at which sockets."""

    keyring: Keyring | None = None
    sockets: Sequence[socket.socket] = ()
    #: Those of HTTP/3.
    datagrams: Sequence[socket.socket] = ()


OPEN = Secured()
#: Seconds for which clients remember that there is HTTP/3.
_ALTERNATIVE_AGE = 86400


class Engine:
    """Serves ``served`` at ``sockets``. Everything is called on the loop's thread.

    ``secured`` says which of them speak HTTPS. ``on_count`` is called whenever a connection came, went or has nothing
    more under way.
    """

    def __init__(
        self,
        config: Config,
        served: Served,
        loop: asyncio.AbstractEventLoop,
        sockets: Sequence[socket.socket],
        share: Share,
        thread_exit: Callable[[], None],
        on_count: Callable[[], None] = lambda: None,
        secured: Secured = OPEN,
    ) -> None:
        self._config = config
        self._on_count = on_count
        self.loop = loop
        self.threads = ThreadPool(loop, config.threads, config.queue_size, thread_exit)
        introduce(served, config, loop, self.threads)
        crew.size(config.background_threads, config.background_queue)
        self.tasks = Tasks(loop)
        host, self.lifespan = asgi_host(served, config, self.tasks)
        self.disk = DiskThreads(loop)
        self.coding = CodingThreads(loop)
        #: It accepts nothing more; and the whole server is about to end.
        self.closed = self.leaving = False
        self.cache = build_cache(config, self.coding, loop)
        self.traces = begin(config)
        rooms = (self.threads, self.tasks, host, self.disk, self.coding, self.cache)
        answer = build_answer(served, config, *rooms, loop.call_later, self.traces, self._ready)
        self.site = build_site(config, answer, _alternative(config, secured))
        self.recorder = Recorder(config, loop)
        self.site.record = self.recorder.record if self.recorder.wanted else None
        if config.metrics:
            self.site.measures = Measures()
            self.site.over = self.site.measures.over
        if self.traces is not None:
            self.site.over = ending(self.traces, self.site.over)
        elif config.dev and not config.metrics:
            self.site.over = forget
        self.site.on_close = self.count
        self.site.trusts = trust(config.forwarded_allow_ips)
        self._id_field = config.request_id.lower().encode()
        self._keyring = secured.keyring
        self._handshakes = Queue(loop)
        #: What speaks each protocol that is agreed upon by ALPN (``handshake.ALPN``).
        self.protocols: Protocols = dict.fromkeys(ALPN, lambda: self._http1(None))
        doors: Doors = [(sock, self._welcome if sock in secured.sockets else self._connect) for sock in sockets]
        self._listener = Listener(loop, doors, share, limit=config.limit_connections)
        self._http3 = self._open_http3(secured) if secured.datagrams else None

    def _open_http3(self, secured: Secured) -> Http3Door:
        from hendrix.worker.http3_door import Http3Door  # noqa: PLC0415 - needs a library that not everybody has

        assert secured.keyring is not None
        return Http3Door(self.site, self.loop, secured.keyring, secured.datagrams, self._id_field, self._is_full)

    def _is_full(self) -> bool:
        return len(self.site.connections) + self.site.arriving >= self._listener.limit

    async def wake(self) -> None:
        """What comes before the first connection. Raises ``ProjectError``."""
        if self.lifespan is not None:
            await self.lifespan.startup()

    async def open(self) -> None:
        """Accept from now on. Raises ``OSError``."""
        await self._listener.open()
        if self._http3 is not None:
            self._http3.open()

    def _connect(self) -> Connection:
        self.loop.call_soon(self.count)
        return self._http1(self._proxy_line())

    def _welcome(self) -> Handshake:
        assert self._keyring is not None
        self.loop.call_soon(self.count)
        return Handshake(self.site, self._keyring, self._handshakes, self.protocols, self._proxy_line())

    def _http1(self, proxy: ProxyLine | None) -> Connection:
        return Connection(self.site, self.loop, self._id_field, proxy)

    def _proxy_line(self) -> ProxyLine | None:
        return ProxyLine(self._config.proxy_protocol) if self._config.proxy_protocol != "off" else None

    def count(self) -> None:
        """After whatever changes how much is under way."""
        self._listener.check(len(self.site.connections) + self.site.arriving)
        self._on_count()

    def tick(self, now: float) -> bool:
        """Twice a second: deadlines. True where a request hung, which holds its thread for good."""
        self.site.tick()
        self.threads.tick()
        self.disk.tick(now)
        self._listener.tick(self.loop.time())
        for connection in list(self.site.connections):
            connection.check(now)
        config = self._config
        self.tasks.watch(now, config.slow_request, config.timeout)
        return self.threads.watch(now, config.slow_request, config.timeout)

    # --- the end -------------------------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Is nothing under way? A view whose peer has left is still let finish, unless it hangs."""
        site = self.site
        busy = site.arriving or site.connections or self.threads.unfinished or self.tasks
        return not (busy or crew.pending)

    def _ready(self) -> bool:
        """Does the server want more work? A generation with a successor says yes to its end."""
        return not self.leaving

    def take_leave(self) -> None:
        """Accept and answer as before, but each answer is the last on its connection, and the health path says 503."""
        self.leaving = self.site.draining = True

    def close(self, *, last: bool = True) -> None:
        """Accept nothing more. ``last``: nobody else does."""
        self.site.draining = self.site.closed = self.closed = True
        self.leaving = self.leaving or last
        self._listener.close()
        if self._http3 is not None:
            self._http3.close(last=last)

    def say_farewell(self) -> None:
        """Close what is idle; what is under way is told that it is the last."""
        for connection in list(self.site.connections):
            connection.leave()

    def cut(self) -> None:
        """End every connection, whatever is under way."""
        for connection in list(self.site.connections):
            connection.abort()

    async def end(self, seconds: float) -> None:
        """End tasks that are left, within about ``seconds``."""
        deadline = time.monotonic() + seconds
        # Tasks that are left have been cut off from their peers: they learn that first, and then are cancelled.
        await self._settled(_FAREWELL)
        self.tasks.cancel()
        await self._settled(deadline - time.monotonic())

    async def sleep(self, seconds: float) -> None:
        """Tell the application of the end, within ``seconds``."""
        if self.cache is not None:
            self.cache.store.close()
        if "hendrix.hub.door" in sys.modules:
            sys.modules["hendrix.hub.door"].leave(self.loop)
        if self.lifespan is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, seconds)):
                    await self.lifespan.shutdown()

    async def dismiss(self, seconds: float) -> bool:
        """Let all threads go, where the process goes on. False: some hang, for more than ``seconds``."""
        self.threads.close()
        self.disk.close()
        self.coding.close()
        self.recorder.close()
        if self.traces is not None:
            self.traces.close(_FAREWELL)
        until = self.loop.time() + seconds
        while (left := bool(self.threads.slots) or self.disk.alive or self.coding.alive) and self.loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)
        return not left

    async def _settled(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self.tasks.settled()


def _alternative(config: Config, secured: Secured) -> str:
    """RFC 7838 section 3: where HTTP/3 is spoken."""
    if not secured.datagrams:
        return ""
    port = config.http3_port or secured.datagrams[0].getsockname()[1]
    return f'Alt-Svc: h3=":{port}"; ma={_ALTERNATIVE_AGE}\r\n'
