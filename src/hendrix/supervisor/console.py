"""The control socket: who comes, what is asked, and answers that wait for nobody.

Only root and our own user are heard. A client has ten seconds for its line, and ten more for its answer.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from hendrix.core import console, events
from hendrix.core.console import Ask, Done, Line, Say
from hendrix.supervisor.private import bound, socket_file

MOST_CLIENTS = 16
PATIENCE = 10.0  # seconds for a client to say its line, and again to take its answer
_REST = 1.0  # seconds without new clients where there are no descriptors for them
_BACKLOG = 128
_CHUNK = 1 << 16
_MOST_WAITING = 1 << 20  # bytes for one client
_LONGEST_ADDRESS = 100  # bytes that every system takes; Linux takes 107

OnAsk = Callable[["Client", Ask], None]
Clock = Callable[[], float]


class Asker(Protocol):
    """Somebody who waits for an answer: a client of the control socket, or of another way in."""

    closed: bool

    def say(self, text: str) -> None: ...
    def done(self, done: Done) -> None: ...


class Client:
    """Somebody who asked, or is about to. ``sock`` is theirs; once it is ``closed`` all that is said is dropped."""

    def __init__(
        self,
        sock: socket.socket,
        selector: selectors.BaseSelector,
        on_ask: OnAsk,
        leave: Callable[[Client], None],
        clock: Clock,
    ) -> None:
        sock.setblocking(False)
        sock.set_inheritable(False)
        self.sock = sock
        self.closed = False
        self.deadline: float | None = clock() + PATIENCE
        self._selector = selector
        self._on_ask = on_ask
        self._leave = leave
        self._clock = clock
        self._asked = False
        self._answered = False
        self._decoder = console.Decoder(console.LIMIT)
        self._waiting = bytearray()
        self._reading = True
        self._watched = 0

    def say(self, text: str) -> None:
        """Tell of progress."""
        if not self._answered:
            self._send(Say(text))

    def done(self, done: Done) -> None:
        """Tell the end, once. The client leaves as soon as it has taken everything."""
        if not self._answered:
            self._answered = True
            self.deadline = self._clock() + PATIENCE
            self._send(done)

    def wait(self) -> None:
        """It has asked, and may wait for its answer as long as that takes."""
        self._asked = True
        self.deadline = None

    def turn(self, mask: int) -> None:
        """The selector says that the socket can be read or written."""
        if mask & selectors.EVENT_WRITE:
            self.flush()
        if mask & selectors.EVENT_READ and not self.closed:
            self._read()
        self.watch()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        try:
            while self._waiting and not self.closed:
                count = self.sock.send(self._waiting)
                del self._waiting[:count]
        except BlockingIOError:
            return
        except OSError:
            self.close()  # it has gone
        if self._answered:
            self.close()

    def watch(self) -> None:
        """Have the selector look out for what matters now."""
        read = selectors.EVENT_READ if self._reading and not self._answered else 0
        wanted = 0 if self.closed else read | (selectors.EVENT_WRITE if self._waiting else 0)
        if wanted == self._watched:
            return
        if not wanted:
            _unwatch(self._selector, self.sock)
        elif self._watched:
            self._selector.modify(self.sock, wanted, self.turn)
        else:
            self._selector.register(self.sock, wanted, self.turn)
        self._watched = wanted

    def close(self) -> None:
        """Close the socket and drop what waits."""
        if not self.closed:
            self.closed = True
            self.watch()
            self.sock.close()
            self._leave(self)

    def _send(self, line: Line) -> None:
        if self.closed:
            return
        self._waiting += console.encode(line)
        self.flush()
        if len(self._waiting) > _MOST_WAITING:
            self.close()
        self.watch()

    def _read(self) -> None:
        try:
            data = self.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if not data:
            self._ended()
        elif not self._asked:
            self._hear(data)
        # What comes after the line is read for the sake of the end that comes after it.

    def _ended(self) -> None:
        """It says nothing more, which is right for one that has asked and still listens."""
        self._reading = False
        if not self._asked or self._gone():
            self.close()

    def _gone(self) -> bool:
        try:
            self.sock.send(b"")  # tells whether the other end is closed, or only shut for writing
        except BlockingIOError:
            return False
        except OSError:
            return True
        return False

    def _hear(self, data: bytes) -> None:
        try:
            lines = self._decoder.feed(data)
        except ValueError as error:
            self.done(Done(1, f"the server does not understand: {error}"))
            return
        if lines:
            self._asks(lines[0])

    def _asks(self, line: Line) -> None:
        self.wait()
        if isinstance(line, Ask):
            self._on_ask(self, line)
        else:
            self.done(Done(1, "the server does not understand: a line that asks for nothing"))


class Console:
    """The control socket of one server. ``sock`` listens at ``path``.

    It keeps to the selector but for its deadlines: call ``tick`` whenever ``deadline`` has passed.
    """

    def __init__(
        self,
        path: str,
        selector: selectors.BaseSelector,
        on_ask: OnAsk,
        *,
        sock: socket.socket | None = None,
        clock: Clock = monotonic,
    ) -> None:
        """Listen at ``path``, for root and our own user alone; ``sock`` is one that listens there already.

        The socket file of a dead server is replaced. Raises ``UsageError`` where a live one or anything else is at
        ``path``, and ``OSError`` where the file cannot be made.
        """
        self.path = os.path.abspath(path)
        self.sock = sock or bound(self.path)
        self.sock.setblocking(False)
        self.sock.set_inheritable(False)
        self._file = socket_file(self.path)
        self._selector = selector
        self._on_ask = on_ask
        self._clock = clock
        self._clients: list[Client] = []
        self._rest_until: float | None = None
        self._listening = False
        self._closed = False
        self._watch()

    @classmethod
    def adopt(
        cls,
        path: str,
        sock: socket.socket,
        selector: selectors.BaseSelector,
        on_ask: OnAsk,
        *,
        clock: Clock = monotonic,
    ) -> Console:
        """The console of this process before it executed itself anew: ``sock`` was inherited."""
        return cls(path, selector, on_ask, sock=sock, clock=clock)

    @property
    def clients(self) -> list[Client]:
        """Those who are there now."""
        return list(self._clients)

    def join(self, sock: socket.socket) -> Client:
        """A client that had asked before this process executed itself anew."""
        client = self._welcome(sock)
        client.wait()
        return client

    def deadline(self) -> float | None:
        """When ``tick`` has something to do, on the monotonic clock."""
        times = [*(client.deadline for client in self._clients), self._rest_until]
        return min((time for time in times if time is not None), default=None)

    def tick(self) -> None:
        """Drop those whose time is up."""
        now = self._clock()
        for client in self.clients:
            if client.deadline is not None and client.deadline <= now:
                client.close()
        if self._rest_until is not None and self._rest_until <= now:
            self._rest_until = None
            self._watch()

    def close(self, clean: bool) -> None:
        """Close our copies of all sockets; ``clean`` also sends what waits, as far as it goes, and removes the file.

        In a forked child, where ``clean`` must be false, the selector has to be closed before.
        """
        self.stop_listening(clean)
        for client in self.clients:
            if clean:
                client.flush()
            client.close()

    def stop_listening(self, clean: bool) -> None:
        """Who knocks from now on is refused, and finds no file if ``clean``. Those who are there stay."""
        self._closed = True
        self._watch()
        self.sock.close()
        if clean and self._file:
            self._file.remove()
            self._file = None

    def _on_knock(self, mask: int) -> None:
        self.tick()
        try:
            while not (self._closed or self._full()):
                sock, _ = self.sock.accept()
                self._admit(sock)
        except (BlockingIOError, ConnectionAbortedError):
            pass
        except OSError as error:
            events.emit("console.rests", events.WARNING, seconds=_REST, reason=error.strerror)
            self._rest_until = self._clock() + _REST
        self._watch()

    def _admit(self, sock: socket.socket) -> None:
        if (uid := _peer(sock)) in (None, 0, os.geteuid()):
            self._welcome(sock)
            return
        events.emit("console.refused", events.WARNING, uid=uid)
        sock.close()

    def _welcome(self, sock: socket.socket) -> Client:
        client = Client(sock, self._selector, self._on_ask, self._forget, self._clock)
        self._clients.append(client)
        client.watch()
        return client

    def _forget(self, client: Client) -> None:
        self._clients.remove(client)
        self._watch()

    def _full(self) -> bool:
        return len(self._clients) >= MOST_CLIENTS

    def _watch(self) -> None:
        """Listen while there is room. Who comes meanwhile waits in the backlog."""
        wanted = not (self._closed or self._full() or self._rest_until is not None)
        if wanted and not self._listening:
            self._selector.register(self.sock, selectors.EVENT_READ, self._on_knock)
        elif self._listening and not wanted:
            _unwatch(self._selector, self.sock)
        self._listening = wanted


def _peer(sock: socket.socket) -> int | None:
    """The user at the other end when it connected; ``None`` where the system does not say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)


def _unwatch(selector: selectors.BaseSelector, sock: socket.socket) -> None:
    with contextlib.suppress(KeyError, ValueError):  # it has been closed before, in a forked child
        selector.unregister(sock)
