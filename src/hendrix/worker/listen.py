"""Accepting connections: not more than our share of them, and not more than there are descriptors for.

All workers accept at the same sockets. The kernel wakes whoever it likes, mostly the same one, so a worker that has
more connections than another leaves new ones to it for a moment (``shares``).

At the limit of descriptors the worker lets go of the listening sockets (the supervisor still holds them, so nobody is
refused: they wait in the backlog) and takes them up again when connections have closed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import select
import socket
from collections.abc import Callable, Sequence

from hendrix.core.events import INFO, WARNING, emit
from hendrix.worker.shares import Share

#: Descriptors kept for the application, files, databases and ourselves.
_RESERVE = 64
#: So few left: accept nothing more, however few connections there are.
_SCARCE = 16
#: The most descriptors of one connection: itself, its body on disk, a file that is sent, and the way around.
_EACH = 4
#: Accepting goes on when this share of the limit is free again.
_HYSTERESIS = 0.05

#: Accepted in one turn of the loop.
_AT_ONCE = 32
#: Seconds for which a connection is left to others at a time, and until nobody else is waited for.
_LEAVE = 0.001
_LEAVE_AT_MOST = 0.05
_ALLOWANCE_AT_MOST = 256
#: Seconds until accepting is tried again when the system cannot.
_REST = 0.1

Factory = Callable[[], asyncio.BaseProtocol]
Doors = Sequence[tuple[socket.socket, Factory]]
"""Listening sockets, each with what makes the protocol of a connection."""


class Listener:
    """Accepts on inherited sockets for one worker."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        doors: Doors,
        share: Share,
        *,
        limit: int,
    ) -> None:
        self._loop = loop
        self._doors = list(doors)
        self._share = share
        #: Connections on their way from a socket to a transport.
        self._welcoming: set[asyncio.Task[object]] = set()
        #: Since when a connection is left to others; 0: none is.
        self._left_since = 0.0
        #: Connections beyond our share that we may take now, and how many it will be the next time.
        self._allowed, self._allowance = 0, 1
        self._room = descriptor_limit()
        self.limit = min(limit or self._room, self._room)
        self._low = max(0, self.limit * (1 - _HYSTERESIS) - 1)
        self._highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - min(_SCARCE, self._room // 8)
        #: Said that it pauses, and that it went on: at most once a minute, however often it does.
        self._told = self._told_end = False
        self._paused = False
        self._closed = False

    async def open(self) -> None:
        """Begin. Raises ``OSError`` where the loop cannot watch so many sockets."""
        self._watch()

    def _watch(self) -> None:
        for sock, factory in self._doors:
            sock.setblocking(False)
            self._loop.add_reader(sock.fileno(), self._knock, sock, factory)

    def close(self) -> None:
        """Accept nothing more, for good."""
        if not self._closed:
            self._closed = True
            self._share.leave()
            self._stop()
        for sock, _factory in self._doors:
            sock.close()
        self._doors = []

    def _stop(self) -> None:
        for sock, _factory in self._doors:
            self._loop.remove_reader(sock.fileno())

    # --- one connection ------------------------------------------------------------------------------------

    def _knock(self, sock: socket.socket, factory: Factory) -> None:
        for _ in range(_AT_ONCE):
            if self._closed or self._paused or self._share.count >= self.limit:
                return
            if self._share.over(now := self._loop.time()):
                if not self._allowed:
                    self._leave_to_others(sock, factory, now)
                    return
                self._allowed -= 1
            else:
                self._left_since, self._allowed, self._allowance = 0.0, 0, 1  # the others have caught up
            try:
                theirs, _address = sock.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptors, no memory
                emit("accept.failed", WARNING, reason=(error.strerror or str(error)).lower(), again_in=_REST)
                self._away(sock, factory, _REST)
                return
            self._welcome(theirs, factory)

    def _welcome(self, sock: socket.socket, factory: Factory) -> None:
        # Made here and not by the loop, later: whoever is about to leave must know of it.
        protocol = factory()
        self.check(self._share.count + 1)
        task = self._loop.create_task(self._loop.connect_accepted_socket(lambda: protocol, sock))
        self._welcoming.add(task)
        task.add_done_callback(self._welcoming.discard)

    def _leave_to_others(self, sock: socket.socket, factory: Factory, now: float) -> None:
        self._left_since = self._left_since or now
        if now - self._left_since > _LEAVE_AT_MOST:
            # They stand still, or their loops come late, which cannot be told apart yet. Nobody shall wait for those
            # that stand still, and those that come late shall find something left: so few first, then more.
            self._left_since, self._allowed = 0.0, self._allowance
            self._allowance = min(2 * self._allowance, _ALLOWANCE_AT_MOST)
        self._away(sock, factory, _LEAVE)

    def _away(self, sock: socket.socket, factory: Factory, seconds: float) -> None:
        """Do not look at the socket for a while: it would be readable all the time."""
        self._loop.remove_reader(sock.fileno())
        self._loop.call_later(seconds, self._back, sock, factory)

    def _back(self, sock: socket.socket, factory: Factory) -> None:
        if self._closed or self._paused:
            return
        if not _readable(sock):
            self._left_since = 0.0  # somebody has come for it
        self._loop.add_reader(sock.fileno(), self._knock, sock, factory)

    # --- not too many --------------------------------------------------------------------------------------

    def check(self, connections: int) -> None:
        """After each accept, close and tick: stop at the limit, go on below it."""
        if self._closed:
            return
        self._share.have(connections)
        if not self._paused:
            if connections >= self.limit or self._scarce(connections):
                self._pause(connections)
        elif connections <= self._low and not self._scarce(connections):
            self._resume()

    def tick(self, now: float) -> None:
        """Twice a second, by the loop's clock: tell the others that we live."""
        if not self._closed:
            self._share.beat(now)

    def _scarce(self, connections: int) -> bool:
        """Are nearly all descriptors taken, whoever took them? Then the next one has a high number."""
        if connections * _EACH < self._room or self._highest < 0:
            return False
        try:
            next_one = os.dup(self._doors[0][0].fileno())
        except OSError:
            return True
        os.close(next_one)
        return next_one >= self._highest

    def _pause(self, connections: int) -> None:
        self._paused = True
        self._stop()
        if not self._told:
            self._told, self._told_end = True, False
            emit(
                "accept.paused",
                WARNING,
                connections=connections,
                limit=self.limit,
                advice="raise the limit of open files (ulimit -n, LimitNOFILE=) or --limit-connections",
            )

    def _resume(self) -> None:
        try:
            self._watch()
        except OSError as error:
            self._stop()
            emit("accept.cannot_resume", WARNING, reason=str(error))
            return
        self._paused = False
        if self._told and not self._told_end:
            self._told_end = True
            emit("accept.resumed", INFO)
            self._loop.call_later(60.0, self._may_tell_again)

    def _may_tell_again(self) -> None:
        self._told = False


def _readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def descriptor_limit() -> int:
    """Connections that this process has descriptors for (the soft limit is raised to the hard one first)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):
            pass
    if soft == resource.RLIM_INFINITY:
        soft = 1_048_576
    in_use = len(os.listdir("/dev/fd"))
    return max(8, soft - in_use - min(_RESERVE, soft // 4))
