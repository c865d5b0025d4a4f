"""The relay's process: forked when somebody knocks for the first time, and again when it has died.

The listening socket and the memory of the relay's journal are ours; so whoever connects while there is no relay only
waits for a moment, and the next one knows what the last one had confirmed.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import stat
from collections.abc import Callable
from time import monotonic
from typing import Any

from hendrix.core import events
from hendrix.core.config import Config
from hendrix.supervisor import identity, process
from hendrix.supervisor.backoff import Backoff
from hendrix.supervisor.private import bound, socket_file
from hendrix.supervisor.sockets import SocketFile

_FOR_ALL = "/run/hendrix"

RunRelay = Callable[[socket.socket, int, Config, socket.socket], None]
"""What runs in it: with the listening socket, the descriptor of its memory, and a socket that ends when it is to."""


class Relay:
    """Listens, and looks after the process. ``release`` closes, in a forked child, what is the supervisor's.

    Without anything to ``run`` there is none.
    """

    def __init__(self, selector: selectors.BaseSelector, run: RunRelay | None, release: Callable[[], None]) -> None:
        self.path = ""
        self.pid: int | None = None
        self._selector, self._run, self._release = selector, run, release
        self._config: Config
        self._socket: socket.socket | None = None
        self._file: SocketFile | None = None
        self._memory = -1
        #: Our end of its channel, over which nothing is said.
        self._channel: socket.socket | None = None
        self._watching = self._renewing = False
        self._backoff = Backoff()
        self._born = 0.0
        self.restarts = 0

    def take(self, path: str, config: Config) -> None:
        """Listen at ``path``. Raises ``UsageError`` where something is in the way, ``OSError`` where it cannot be."""
        self._config = config
        if self._socket is not None or self._run is None:
            return
        owner = identity.find(config.user, config.group)
        if owner:
            path = _within_reach(path)
        self._listen(path, bound(path))
        self._memory = _memory(config.hub_memory)
        if owner:
            identity.own(path, owner)
        self._watch()

    def _listen(self, path: str, sock: socket.socket) -> None:
        self.path, self._socket, self._file = path, sock, socket_file(path)
        sock.setblocking(False)
        sock.set_inheritable(False)

    def reaped(self, pid: int, status: int) -> bool:
        """Whether the child that has ended was the relay."""
        if pid != self.pid:
            return False
        self._end_channel()
        self.pid = None
        renewing, self._renewing = self._renewing, False
        if renewing:
            events.emit("hub.renewed", pid=pid)
        else:
            self.restarts += 1
            delay = self._backoff.fail(self._born, monotonic())
            events.emit("hub.died", events.ERROR, pid=pid, status=process.describe(status), again_in=delay)
        self.tick()
        return True

    def deadline(self) -> float | None:
        """When ``tick`` has something to do, on the monotonic clock."""
        waits = self.pid is None and self._socket is not None and not self._watching
        return self._backoff.not_before if waits else None

    def tick(self) -> None:
        """One that has died may come back, as soon as somebody wants it."""
        if self.deadline() is not None and self._backoff.due(monotonic()):
            self._watch()

    def renew(self) -> None:
        """The program was executed anew: have a relay of this version. All that the old one knew is in the memory."""
        if self.pid is not None:
            self._renewing = True
            process.send_signal(self.pid, signal.SIGKILL)

    def give_back(self) -> None:
        """The server ends."""
        self._unwatch()
        if self.pid is not None:
            process.end([self.pid])
            self.pid = None
        if self._file:
            self._file.remove()
        self.release()

    def release(self) -> None:
        """Close our copies, as in a forked child."""
        self._end_channel()
        if self._socket is not None:
            self._socket.close()
            os.close(self._memory)
            self._socket, self._memory = None, -1

    @property
    def facts(self) -> dict[str, Any] | None:
        """For who asks how it is; what it does is known to itself. Without a ``pid`` nobody has needed it yet."""
        if self._socket is None:
            return None
        memory = {"memory": self._config.hub_memory, "restarts": self.restarts}
        return {"path": self.path, "pid": self.pid, **memory}

    def row(self) -> dict[str, Any] | None:
        """For a successor in the same process."""
        if self._socket is None:
            return None
        channel = [self._channel.fileno()] if self._channel else []
        fds = [self._socket.fileno(), self._memory, *channel]
        return {"path": self.path, "pid": self.pid, "restarts": self.restarts, "fds": fds}

    def adopt(self, row: dict[str, Any] | None, config: Config) -> None:
        """The reverse of ``row``."""
        if row is None:
            return
        sock, self._memory, *channel = row["fds"]
        self._config, self.pid, self.restarts = config, row["pid"], row.get("restarts", 0)
        self._listen(row["path"], socket.socket(fileno=sock))
        if self.pid is None:
            self._watch()
        for number in channel:
            self._channel = socket.socket(fileno=number)
        self.renew()

    # --- the process --------------------------------------------------------------------------------------

    def _on_knock(self, mask: int) -> None:
        self._unwatch()
        if self._socket is None:
            return
        self._born = monotonic()
        sock, memory, config = self._socket.dup(), os.dup(self._memory), self._config
        try:
            self.pid, self._channel = process.start("hendrix: relay", self._work(sock, memory, config), self._release)
        except OSError as error:
            delay = self._backoff.fail(self._born, self._born)
            events.emit("hub.cannot_start", events.ERROR, reason=error.strerror, again_in=delay)
        finally:
            sock.close()
            os.close(memory)

    def _work(self, sock: socket.socket, memory: int, config: Config) -> process.Work:
        def work(channel: socket.socket) -> None:
            parent = os.getppid()
            if owner := identity.find(config.user, config.group):
                identity.become(owner)
                process.die_with(parent)  # the kernel forgets it with a change of user
            assert self._run is not None
            self._run(sock, memory, config, channel)

        return work

    def _end_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _watch(self) -> None:
        if not self._watching and self._socket is not None:
            self._selector.register(self._socket, selectors.EVENT_READ, self._on_knock)
            self._watching = True

    def _unwatch(self) -> None:
        if self._watching and self._socket is not None:
            self._selector.unregister(self._socket)
            self._watching = False


def _within_reach(path: str) -> str:
    """``path``, or another place for the same socket, whose directories let the user of the workers through.

    They may look into the last one too, to find the socket: what is in it is for its owners alone all the same.
    """
    folder, name = os.path.split(path)
    above = os.path.dirname(folder)
    while above != os.path.dirname(above):
        if not os.stat(above).st_mode & stat.S_IXOTH:
            folder = _FOR_ALL
            os.makedirs(folder, exist_ok=True)
            break
        above = os.path.dirname(above)
    os.chmod(folder, 0o755)  # noqa: S103
    return os.path.join(folder, name)


def _memory(size: int) -> int:
    """The descriptor of ``size`` bytes that nobody else finds."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("hendrix-hub")
    else:
        import tempfile  # noqa: PLC0415 - only where there is no memfd

        fd, path = tempfile.mkstemp(prefix="hendrix-hub-")
        os.unlink(path)
    os.ftruncate(fd, size)
    return fd
