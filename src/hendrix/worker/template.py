"""The template: a process that has imported the project once and forks workers from it.

What it holds in memory is shared by all of them, copy on write. It is a child of the supervisor; its workers are
children of the supervisor too (each is forked twice, and the supervisor is their nearest subreaper), so that the
template may die or be replaced without one of them being lost.
"""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

from setproctitle import setproctitle

from hendrix.core.config import Config, from_plain
from hendrix.core.control import (
    HUB,
    Configure,
    Loaded,
    LoadFailed,
    Message,
    Presented,
    Spawn,
    Spawned,
    Unfit,
    encode,
)
from hendrix.core.errors import ProjectError
from hendrix.core.events import ERROR, emit
from hendrix.observe import log
from hendrix.worker import bytecode, distress, forks, main, project, reactor
from hendrix.worker.channel import BlockingChannel
from hendrix.worker.engine import OPEN, Secured
from hendrix.worker.lender import Lender
from hendrix.worker.served import Served

if TYPE_CHECKING:
    from hendrix.tls.keyring import Keyring

#: Nanoseconds by which the times of files are behind the clock at most: they go by the kernel's ticks.
_FILE_TICK = 10_000_000
#: Of the garbage collector: Python's own, and a worker's (Django leaves few cycles, and most of them die young).
_THRESHOLDS = gc.get_threshold()
_SELDOM = (10_000, 20, 50)


def serve(sock: socket.socket, config: Config, stacks: int) -> None:
    """The life of a template: load, then fork on demand until the supervisor hangs up."""
    setproctitle(f"hendrix: template [{config.subject}]")
    log.be("template")
    distress.answer_with_stacks(stacks)
    forks.begin()
    channel = BlockingChannel(sock)
    try:
        Template(channel, config).run()
    except ProjectError as error:
        channel.send(LoadFailed(str(error), error.traceback))
    except (BrokenPipeError, ConnectionResetError):
        pass
    forks.end_children()


class Template:
    """One generation of the project's code. Without ``preload`` it is empty, and each worker loads the project."""

    def __init__(self, channel: BlockingChannel, config: Config) -> None:
        self._channel = channel
        self._config = config
        self._listening: list[socket.socket] = []
        self._datagrams: list[socket.socket] = []
        self._served: Served | None = None
        self._secured = OPEN

    def run(self) -> None:
        """Raises ``ProjectError`` where the project does not load."""
        installed = reactor.install()
        installed.lender = Lender(self._channel.send)
        if not (self._load() if self._config.preload else self._ask_settings()):
            return
        while (received := self._channel.receive()) is not None:
            message, fds = received
            if isinstance(message, Configure):
                self._configure(message, fds)
            elif isinstance(message, Presented):
                self._take(fds[0])
            elif isinstance(message, Spawn):
                self._spawn(message, fds, installed)

    def _configure(self, message: Configure, fds: list[int]) -> None:
        """Only now are the options known that the project's settings give."""
        self._config = from_plain(message.options)
        log.configure(self._config)
        # For the project's own processes too, whoever starts them.
        os.environ[HUB] = message.hub
        sockets = [socket.socket(fileno=fd) for fd in fds]
        self._listening = sockets[: len(sockets) - message.datagrams]
        self._datagrams = sockets[len(self._listening) :]
        speak = [sock for sock, secure in zip(self._listening, message.secure, strict=False) if secure]
        if speak:
            self._secured = Secured(_new_keyring(self._config), speak, self._datagrams)
            self._be_presented()

    def _be_presented(self) -> None:
        """Nothing else is done before there is something to serve with."""
        while (received := self._channel.receive()) is not None:
            message, fds = received
            if isinstance(message, Presented) and self._take(fds[0]):
                return
        raise BrokenPipeError

    def _take(self, fd: int) -> bool:
        from hendrix.worker.presented import take  # noqa: PLC0415 - imports cryptography

        return self._secured.keyring is not None and take(self._secured.keyring, fd, self._channel)

    def _load(self) -> bool:
        """Import the project. False where it cannot be forked from here."""
        began, since = time.monotonic(), time.time_ns() - _FILE_TICK
        # A collection would leave holes in the pages that all workers share; what they then put there is copied.
        gc.disable()
        try:
            with bytecode.unambiguous():
                self._channel.send(project.load_settings(self._config))
                served = project.load_application(self._config)
                received = self._channel.receive()
                if received is None or not isinstance(received[0], Configure):
                    return False  # the options are refused
                self._configure(received[0], received[1])
                self._served = project.add_services(served, self._config)
                project.check_tasks(self._config)
        except ProjectError as error:
            self._tell_what_to_watch(since, error)
            raise
        self._tell_what_to_watch(since)
        forks.take_back()
        if threads := _threads():
            self._channel.send(Unfit(threads))
            return False
        # Keep the collector away from what all workers share: touching it would copy it.
        gc.freeze()
        self._channel.send(Loaded(time.monotonic() - began))
        return True

    def _tell_what_to_watch(self, since: int, error: ProjectError | None = None) -> None:
        if self._config.reload:
            from hendrix.worker.watched import watched  # noqa: PLC0415 - development only

            self._channel.send(watched(os.getcwd(), error.__cause__ if error else None, since))

    def _ask_settings(self) -> bool:
        """What the settings say, found out in a process beside this one, which stays free of the project."""
        reader, writer = os.pipe()
        pid = forks.fork()
        if pid == 0:
            _be_asked(self._config, writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            said = pipe.read()
        forks.await_end(pid)
        self._channel.sock.sendall(said or encode(LoadFailed("the settings ended the process that imported them")))
        if not said.startswith(b'["SettingsLoaded"'):
            return False
        self._channel.send(Loaded(0.0))
        return True

    def _spawn(self, asked: Spawn, fds: list[int], installed: reactor.Reactor) -> None:
        reader, writer = os.pipe()
        forks.flush()
        middle = _fork_for(asked)
        if middle == 0:
            self._middle(asked, fds, installed, writer)
        for fd in (writer, *fds):
            os.close(fd)
        pid = int(os.read(reader, 32) or b"0")
        os.close(reader)
        if middle:
            forks.await_end(middle)
        if pid:
            self._channel.send(Spawned(asked.worker, pid))

    def _middle(self, asked: Spawn, fds: list[int], installed: reactor.Reactor, writer: int) -> None:
        """In the process between: fork the worker and leave, so that the supervisor inherits it."""
        status = 1
        try:
            if pid := _fork_for(asked):
                os.write(writer, b"%d" % pid)
            if pid != 0:
                os._exit(0)
            os.close(writer)
            self._channel.sock.close()
            status = self._be_worker(asked, fds, installed)
        except BaseException as error:
            # Nobody above would say it: what follows is the end of the process.
            emit("worker.failed", ERROR, worker=asked.worker, exc=error)
        finally:
            os._exit(status)

    def _be_worker(self, asked: Spawn, fds: list[int], installed: reactor.Reactor) -> int:
        channel, stacks = fds
        distress.answer_with_stacks(stacks)
        forks.have_no_children()
        sock = socket.socket(fileno=channel)
        number = asked.worker
        served = self._served or self._load_late(number, sock)
        if served is None:
            return 1
        if asked.tasks:
            from hendrix.worker import labour  # noqa: PLC0415 - imports Django

            for listener in (*self._listening, *self._datagrams):
                listener.close()
            gc.enable()
            return labour.live(number, self._config, sock)
        _collect_seldom()
        return main.live(number, self._config, served, self._listening, sock, installed, self._secured)

    def _load_late(self, number: int, sock: socket.socket) -> Served | None:
        """Without preload: the project is this worker's own."""
        setproctitle(f"hendrix: worker {number}, loading [{self._config.subject}]")
        told: Message
        try:
            with bytecode.unambiguous():
                project.load_settings(self._config)
                served = project.add_services(project.load_application(self._config), self._config)
                project.check_tasks(self._config)
            return served
        except ProjectError as error:
            told = LoadFailed(str(error), error.traceback)
        BlockingChannel(sock).send(told)
        return None


def _fork_for(asked: Spawn) -> int | None:
    """``None`` where the system has no more processes: the supervisor finds that nobody comes, and asks again."""
    try:
        return forks.fork()
    except OSError as error:
        reason, advice = (error.strerror or str(error)).lower(), "raise the limit of processes: ulimit -u, TasksMax="
        emit("worker.cannot_fork", ERROR, worker=asked.worker, reason=reason, advice=advice)
        return None


def _new_keyring(config: Config) -> Keyring:
    from hendrix.worker.presented import new_keyring  # noqa: PLC0415 - imports cryptography

    return new_keyring(config)


def _collect_seldom() -> None:
    """Have Python look for cycles, but not as often as by itself: with 10,000 open streams a look at all objects stops
    the loop for half a second, and nearly each event sent to all of them brought one about. What the project has set
    stays."""
    if gc.get_threshold() == _THRESHOLDS:
        gc.set_threshold(*_SELDOM)
    gc.enable()


def _threads() -> list[str]:
    """The threads that the project started, which would be missing in every worker."""
    return [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]


def _be_asked(config: Config, writer: int) -> None:
    said: Message
    try:
        with bytecode.unambiguous():
            said = project.load_settings(config)
    except ProjectError as error:
        said = LoadFailed(str(error), error.traceback)
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(encode(said))
    os._exit(0)
