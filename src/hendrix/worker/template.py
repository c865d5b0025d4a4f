"""The template: a process that has imported the project once and forks workers from it.

What it holds in memory is shared by all of them, copy on write. It is a child of the supervisor; its workers are
children of the supervisor too (each is forked twice, and the supervisor is their nearest subreaper), so that the
template may die or be replaced without one of them being lost.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
import time

from setproctitle import setproctitle

from hendrix.answer.wsgi import Application
from hendrix.core.config import Config, from_plain
from hendrix.core.control import Configure, Loaded, LoadFailed, Spawn, Spawned
from hendrix.core.errors import ProjectError
from hendrix.core.events import WARNING, emit
from hendrix.observe import log
from hendrix.worker import main, project, reactor
from hendrix.worker.channel import BlockingChannel


def serve(sock: socket.socket, config: Config) -> None:
    """The life of a template: load, then fork on demand until the supervisor hangs up."""
    setproctitle(f"hendrix: template [{config.settings or config.wsgi}]")
    channel = BlockingChannel(sock)
    try:
        Template(channel, config).run()
    except ProjectError as error:
        channel.send(LoadFailed(str(error), error.traceback))
    except (BrokenPipeError, ConnectionResetError):
        pass


class Template:
    """One generation of the project's code."""

    def __init__(self, channel: BlockingChannel, config: Config) -> None:
        self._channel = channel
        self._config = config
        self._listening: list[socket.socket] = []
        self._application: Application | None = None

    def run(self) -> None:
        """Raises ``ProjectError`` where the project does not load."""
        began = time.monotonic()
        # A collection would leave holes in the pages that all workers share; what they then put there is copied.
        gc.disable()
        installed = reactor.install()
        self._channel.send(project.load_settings(self._config))
        self._application = project.load_application(self._config)
        _settle_heap()
        self._channel.send(Loaded(time.monotonic() - began))
        while (received := self._channel.receive()) is not None:
            message, fds = received
            if isinstance(message, Configure):
                # Only now are the options known that the project's settings give.
                self._config = from_plain(message.options)
                log.configure(self._config)
                self._listening = [socket.socket(fileno=fd) for fd in fds]
            elif isinstance(message, Spawn):
                self._spawn(message.worker, fds[0], installed)

    def _spawn(self, number: int, channel_fd: int, installed: reactor.Reactor) -> None:
        reader, writer = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        middle = os.fork()
        if middle == 0:
            self._middle(number, channel_fd, installed, writer)
        os.close(writer)
        os.close(channel_fd)
        pid = int(os.read(reader, 32) or b"0")
        os.close(reader)
        os.waitpid(middle, 0)
        if pid:
            self._channel.send(Spawned(number, pid))

    def _middle(self, number: int, channel_fd: int, installed: reactor.Reactor, writer: int) -> None:
        """In the process between: fork the worker and leave, so that the supervisor inherits it."""
        status = 1
        try:
            pid = os.fork()
            if pid:
                os.write(writer, b"%d" % pid)
                os._exit(0)
            gc.enable()
            os.close(writer)
            self._channel.sock.close()
            assert self._application is not None
            status = main.live(
                number, self._config, self._application, self._listening, socket.socket(fileno=channel_fd), installed
            )
        finally:
            os._exit(status)


def _settle_heap() -> None:
    """Keep the collector away from what all workers share: touching it would copy it."""
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        emit("template.threads", WARNING, threads=names, advice="start them in a worker, not at import")
    gc.freeze()
