"""The relay: a process of its own with the hub of a machine, on a unix socket.

The supervisor listens; when somebody knocks for the first time it forks this process and gives it the listening socket
and a piece of memory for the journal, both of which it keeps itself. So a project that publishes nothing has no relay,
and one that dies is back as soon as somebody connects again, knowing all that had been confirmed. It knows nothing of
Django and imports nothing of the project.

Framing: see ``frames``. Other things that all workers of a machine share can live here too: ``services.SERVICES``
names ``module:factory`` for the kind of their frames. The factory is called once, at the first request, and returns
what answers: ``answer(request: bytes, now: float) -> bytes``, quick, since everybody waits meanwhile. It is called
with whatever bytes a process of the same user sends, and its memory dies with the relay: bound it, and expect that.
``call`` of a ``Caller`` and of a ``Bus`` is the other side of it.

Each peer is a ``peer.Connection``.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import time
from mmap import mmap
from typing import TYPE_CHECKING, NamedTuple, cast

from hendrix.core.events import INFO, emit
from hendrix.hub.ahead import Ahead
from hendrix.hub.history import Keep
from hendrix.hub.message import NOTHING
from hendrix.hub.peer import Connection
from hendrix.hub.services import Services
from hendrix.hub.switch import Switch

if TYPE_CHECKING:
    from hendrix.hub.redis import Across

_TICK = 0.5
_LOOK_AT_ALL = 600
"""Ticks between two collections of everything."""
_BACKLOG = 1024
_MOST_EARLY = 10_000


class Site(NamedTuple):
    """What is shared with other machines: by which Redis, under which name, and bytes that are kept there."""

    url: str
    name: str
    most: int


class Relay:
    """All peers of the switchboard."""

    def __init__(self, switch: Switch, loop: asyncio.AbstractEventLoop) -> None:
        self.switch = switch
        self.loop = loop
        self.peers: set[Connection] = set()
        self.services = Services()
        self.listens: asyncio.AbstractServer | None = None
        #: The way to other machines, where there are any.
        self.across: Across | None = None
        self.ahead = Ahead()
        #: Nothing is known at all, as Redis was not there yet; and what was asked meanwhile.
        self.blind = False
        self._early: list[tuple[Connection, int, bytes]] = []

    def connect(self) -> Connection:
        """Somebody has connected."""
        return Connection(self)

    def tick(self) -> None:
        """Again and again."""
        self.loop.call_later(_TICK, self.tick)
        now = time.monotonic()
        self.switch.tick(now)
        if self.across is not None:
            self.across.tick(now)
            self.advanced()

    # --- other machines -----------------------------------------------------------------------------------

    def put_off(self, peer: Connection, kind: int, body: bytes) -> None:
        """Until something is known."""
        if len(self._early) < _MOST_EARLY:
            self._early.append((peer, kind, body))
        else:
            peer.drop()

    def advanced(self) -> None:
        """See ``redis.Around``."""
        if self.blind and self.across is not None and self.across.met.is_set():
            self.blind = False
            early, self._early = self._early, []
            for peer, kind, body in early:
                peer.ask_late(kind, body)
        behind = self.across is not None and not self.across.connected
        self.ahead.look(self.switch.latest, time.monotonic(), behind=behind)

    def broke(self) -> None:
        """See ``redis.Around``: they come back, and are told of the gap."""
        for peer in list(self.peers):
            peer.drop()


def serve(listening: socket.socket, memory: int, keep: Keep, until: socket.socket, site: Site | None = None) -> None:
    """The life of a relay: until ``until`` ends. ``memory`` is the descriptor of the journal's pages."""
    # What came with the fork stays; and the collector comes when we say so, or it would come in the middle of a burst.
    gc.freeze()
    gc.disable()
    loop = _new_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(_serve(listening, memory, keep, until, site))
    # What belongs to the supervisor is left as it is: the process ends here.


async def _serve(listening: socket.socket, memory: int, keep: Keep, until: socket.socket, site: Site | None) -> None:
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    until.setblocking(False)
    loop.add_reader(until.fileno(), lambda: None if over.done() else over.set_result(None))
    epoch = 0 if site else int(time.time())  # with others, Redis says
    relay = Relay(Switch(epoch, time.monotonic(), mmap(memory, 0), keep), loop)
    if site:
        _meet(relay, site, over)
    emit("hub.started", INFO, pid=os.getpid(), latest=str(relay.switch.latest))
    # Held: one that nobody knows is garbage, and hears nobody any more.
    relay.listens = await loop.create_unix_server(relay.connect, sock=listening, backlog=_BACKLOG)
    relay.tick()
    _collect(loop)
    await over


def _collect(loop: asyncio.AbstractEventLoop, times: int = 1) -> None:
    """Circles of objects: there are hardly any, and what was made of late is looked through in no time."""
    gc.collect(1 if times % _LOOK_AT_ALL else 2)
    loop.call_later(_TICK, _collect, loop, times + 1)


def _meet(relay: Relay, site: Site, over: asyncio.Future[None]) -> None:
    """Have a way to the other machines."""
    from hendrix.hub.redis import Across  # noqa: PLC0415 - a library that others do without

    relay.blind = relay.switch.latest == NOTHING
    relay.across = Across(site.url, site.name, relay.switch.name(os.urandom(16)), relay.switch, relay, site.most)
    running = relay.loop.create_task(relay.across.run())
    running.add_done_callback(lambda done: None if over.done() else over.set_result(None))
    over.add_done_callback(lambda _: running.cancel())


def _new_loop() -> asyncio.AbstractEventLoop:
    """The fastest there is."""
    try:
        import uvloop  # noqa: PLC0415 - not everywhere
    except ImportError:
        return asyncio.new_event_loop()
    return cast("asyncio.AbstractEventLoop", uvloop.new_event_loop())
