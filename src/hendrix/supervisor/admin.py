"""The process that tells of the server to those who look after it, seen from its parent.

The listening socket is ours, so that whoever asks while there is no process only waits for a moment. What the process
wants to know it asks over its channel: it has no more rights than workers have, and cannot use the control socket.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from hendrix.core import control, events
from hendrix.core.config import Config
from hendrix.core.console import Ask, Done
from hendrix.core.control import Message
from hendrix.core.errors import UsageError
from hendrix.supervisor import identity, process, sockets
from hendrix.supervisor.attendant import Attendant, Begin
from hendrix.supervisor.console import Asker
from hendrix.supervisor.crew import Crew, Member
from hendrix.supervisor.private import bound, socket_file
from hendrix.supervisor.sockets import Listener, SocketFile

RunAdmin = Callable[[socket.socket, Sequence[socket.socket], Config, str], None]
"""What runs in it: with its channel, the listening sockets, the options, and the secret of who asks at a port."""

_MAY = frozenset(("status", "metrics", "reload", "recycle", "cache", "look"))
_BACKLOG = 64
_SHORTEST = 16  # characters of a secret
_LONGEST = 4096


class Inquirer:
    """Somebody who asked by way of the process: see ``console.Client``."""

    #: A successor in this process cannot answer it.
    closed = True

    def __init__(self, number: int, send: Callable[[Message], None]) -> None:
        self._number, self._send = number, send
        self._answered = False

    def say(self, text: str) -> None:
        """Progress is not told."""

    def done(self, done: Done) -> None:
        """The end, once."""
        if not self._answered:
            self._answered = True
            self._send(control.Reply(self._number, done.status, done.summary, done.traceback, done.facts))


class Admin:
    """There while the options say so. ``asked`` is told what the process asks."""

    def __init__(self, crew: Crew, asked: Callable[[Asker, Ask], None], run: RunAdmin | None) -> None:
        self._asked, self._run = asked, run
        self.process: Attendant[bool] = Attendant(crew, "admin", "admin", self._launch, self._hear)
        self._listeners: list[Listener] = []
        self._config: Config
        self._token = ""

    @property
    def places(self) -> list[str]:
        """Where it is told, as a person would open it."""
        return [listener.url for listener in self._listeners]

    def serve(self, config: Config, beside: Callable[[str], str]) -> None:
        """Listen, and have the process. ``beside`` tells the path of a file beside the pid file.

        Raises ``UsageError`` where that cannot be.
        """
        if config.admin == "off" or self._run is None or self._listeners:
            return
        self._token = _token(config)
        self._listeners = _bound(config.admin, beside)
        self._config = config
        events.emit("admin.listens", urls=self.places)
        self.process.want(True)

    def give_back(self) -> None:
        """Leave no trace."""
        sockets.close(self._listeners, clean=True)
        self._listeners = []

    def release(self) -> None:
        """In a forked child: close our copies."""
        sockets.close(self._listeners, clean=False)

    def rows(self) -> list[dict[str, Any]]:
        """For a successor in the same process."""
        return [
            {"fds": [one.socket.fileno()], "address": one.address, "path": one.file.path if one.file else ""}
            for one in self._listeners
        ]

    def adopt(self, rows: list[dict[str, Any]], config: Config) -> None:
        """The reverse of ``rows``. The process of our predecessor sees the end of its channel."""
        for row in rows:
            file = socket_file(row["path"]) if row["path"] else None
            self._listeners.append(Listener(row["address"], socket.socket(fileno=row["fds"][0]), file))
        if self._listeners and self._run is not None:
            self._config = config
            try:
                self._token = _token(config)
            except UsageError as error:
                events.emit("admin.cannot_listen", events.ERROR, reason=str(error))
                return
            self.process.want_later(True)  # signals are blocked now, and would be in the process

    # --- the process --------------------------------------------------------------------------------------

    def _launch(self, _wish: bool, begin: Begin) -> Member:
        copies = [listener.socket.dup() for listener in self._listeners]
        try:
            return begin(self._work(copies))
        finally:
            for copy in copies:
                copy.close()

    def _work(self, listening: Sequence[socket.socket]) -> process.Work:
        config, token = self._config, self._token

        def work(channel: socket.socket) -> None:
            assert self._run is not None
            parent = os.getppid()
            if owner := identity.find(config.user, config.group):
                identity.become(owner)
                process.die_with(parent)  # the kernel forgets it with a change of user
            self._run(channel, listening, config, token)

        return work

    def _hear(self, message: Message | None) -> None:
        if isinstance(message, control.Inquire):
            inquirer = Inquirer(message.number, self.process.send)
            if message.do in _MAY:
                self._asked(inquirer, Ask(message.do, message.facts))
            else:
                inquirer.done(Done(1, f"{message.do} is not to be had here"))


def _bound(place: str, beside: Callable[[str], str]) -> list[Listener]:
    if place != "on" and not place.startswith("unix:"):
        return sockets.bind([place], _BACKLOG)
    try:
        path = beside(".admin") if place == "on" else os.path.abspath(place.removeprefix("unix:"))
        sock = bound(path, "admin", "--admin")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        where = "" if place == "on" else f" {place}"
        raise UsageError(
            f"cannot open the admin socket{where}: {reason}; give another path with --admin unix:/path"
        ) from error
    sock.setblocking(False)
    found: SocketFile | None = socket_file(path)
    return [Listener(f"unix:{path}", sock, found)]


def _token(config: Config) -> str:
    """What whoever asks at a port must tell; empty at a unix socket, whose file says who may."""
    if config.admin == "on" or config.admin.startswith("unix:"):
        return ""
    token, source = config.admin_token, "the admin token"
    if not token:
        source = f"--admin-token-file: {config.admin_token_file}"
        try:
            with open(config.admin_token_file, encoding="ascii", errors="surrogateescape") as file:
                token = file.read(_LONGEST).strip()
        except OSError as error:
            raise UsageError(f"{source}: {(error.strerror or str(error)).lower()}") from error
    if len(token) < _SHORTEST or not (token.isascii() and token.isprintable()):
        advice = f"give {_SHORTEST} printable characters and more, such as those of: openssl rand -hex 32"
        raise UsageError(f"{source}: this can be guessed, or cannot be told in a header; {advice}")
    return token
