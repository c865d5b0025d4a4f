"""What the server holds in the file system and the network: listening sockets, pid file, control socket."""

from __future__ import annotations

import errno
import os
import selectors
import socket
from collections.abc import Callable, Sequence
from typing import Any

from hendrix.core import events
from hendrix.core.config import Config
from hendrix.core.console import Ask
from hendrix.core.errors import UsageError
from hendrix.core.server_name import server_name
from hendrix.supervisor import datagrams, identity, logfiles, runtime, sockets
from hendrix.supervisor.console import Client, Console
from hendrix.supervisor.lending import Lending
from hendrix.supervisor.pidfile import PidFile
from hendrix.supervisor.relay import Relay, RunRelay
from hendrix.supervisor.sockets import Listener

OnAsk = Callable[[Client, Ask], None]


class Holdings:
    """Taken once the options are known, given back at the end. What cannot be had of the files is done without."""

    def __init__(
        self, selector: selectors.BaseSelector, on_ask: OnAsk, relay: RunRelay | None, release: Callable[[], None]
    ) -> None:
        self.listeners: list[Listener] = []
        self.lending = Lending()
        self.pidfile: PidFile | None = None
        self.console: Console | None = None
        self.relay = Relay(selector, relay, release)
        self.name = ""
        self._selector = selector
        self._on_ask = on_ask

    def take(self, config: Config) -> None:
        """Listen, and say where we are. ``UsageError`` where that is impossible; nothing is kept then."""
        self.listeners = sockets.bind(config.bind, config.backlog, self.listeners, config.https_bind)
        self.listeners = datagrams.beside(self.listeners, wanted=config.http3)
        _hand_files_to(self.listeners, config)
        logfiles.hand_over(config)
        self.name = server_name(self.addresses, config.subject)
        if self.pidfile is None:
            self._write_files(config)

    def adopt(self, name: str, pidfile: str, console: dict[str, Any] | None) -> Console | None:
        """What a predecessor in this process took. Returns its control socket."""
        self.name = name
        self.pidfile = PidFile.adopt(pidfile) if pidfile else None
        if console:
            sock = socket.socket(fileno=console["fds"][0])
            self.console = Console.adopt(console["path"], sock, self._selector, self._on_ask)
        return self.console

    @property
    def addresses(self) -> list[str]:
        """Where we listen."""
        return [listener.address for listener in self.listeners]

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What workers are given: those of ``listeners``, in order, and behind them the sockets of HTTP/3."""
        return sockets.descriptors(self.listeners)

    @property
    def hub(self) -> str:
        """Where messages between processes go, as workers are told it."""
        return self.relay.path

    @property
    def urls(self) -> list[str]:
        """What a person would open."""
        return [listener.url for listener in self.listeners]

    @property
    def facts(self) -> dict[str, Any]:
        """For who asks what we are."""
        return {"name": self.name, "urls": self.urls, "hub": self.relay.facts}

    def _write_files(self, config: Config) -> None:
        path = config.pid
        try:
            path = path or self._default_path()
            self.pidfile = PidFile.write(path, os.getpid())
        except OSError as error:
            _cannot("pidfile.cannot_write", path or str(error.filename), error)
            if not path:
                return  # no directory for the socket either
        if not self.console:  # else it came at once, when the pid file could not
            self._open_console(f"{path}.sock" if config.pid else os.path.splitext(path)[0] + ".sock")
        self._open_hub(f"{path}.hub" if config.pid else os.path.splitext(path)[0] + ".hub", config)

    def _open_console(self, path: str) -> None:
        try:
            self.console = Console(path, self._selector, self._on_ask)
        except OSError as error:
            _cannot("control.cannot_listen", path, error)

    def _open_hub(self, path: str, config: Config) -> None:
        try:
            self.relay.take(path, config)
        except (OSError, UsageError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            advice = "messages reach the same process only; see to the runtime directory and start again"
            events.emit("hub.cannot_listen", events.WARNING, path=path, reason=reason, advice=advice)

    def _default_path(self) -> str:
        folder = runtime.directory(os.environ, os.getuid())
        runtime.make(folder, os.getuid())
        return os.path.join(folder, self.name + ".pid")

    def beside(self, ending: str) -> str:
        """A path beside the control socket. Raises ``OSError`` where there is none."""
        if self.console is None:
            raise FileNotFoundError(errno.ENOENT, "there is no control socket to put it beside")
        return self.console.path.removesuffix(".sock") + ending

    def tick(self) -> None:
        """Some time has passed."""
        if self.console:
            self.console.tick()
        self.relay.tick()

    def stop_listening(self) -> None:
        """Who comes now is refused, not kept waiting for workers that accept nothing more."""
        sockets.close(self.listeners, clean=True)
        self.listeners = []
        self.lending.close()

    def release(self) -> None:
        """In a forked child: close, and leave the files to the parent."""
        sockets.close(self.listeners, clean=False)
        self.lending.release()
        if self.console:
            self.console.close(clean=False)
        self.relay.release()

    def vacate(self) -> None:
        """Another server may have our place from now on. Who waits at the control socket can still be answered."""
        self.stop_listening()
        if self.console:
            self.console.stop_listening(clean=True)
        if self.pidfile:
            self.pidfile.remove()

    def give_back(self) -> None:
        """Leave no trace."""
        self.vacate()
        if self.console:
            self.console.close(clean=True)
        self.relay.give_back()


def _hand_files_to(listeners: Sequence[Listener], config: Config) -> None:
    """A unix socket belongs to the user that workers run as."""
    owner = identity.find(config.user, config.group)
    for listener in listeners:
        if owner and listener.file:
            identity.own(listener.file.path, owner)


def _cannot(event: str, path: str, error: OSError) -> None:
    reason = (error.strerror or str(error)).lower()
    advice = "serving goes on; hx stop, reload and status cannot find this server: use signals"
    events.emit(event, events.WARNING, path=path, reason=reason, pid=os.getpid(), advice=advice)
