"""A task worker's process: tasks in the main thread, the supervisor in another, signs of life in a third."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import threading
import time

from setproctitle import setproctitle

from hendrix.core.config import Config
from hendrix.core.control import Drain, Draining, Ready, ReopenLogs, Retire, Vitals
from hendrix.core.events import ERROR, INFO, WARNING, emit
from hendrix.observe import log
from hendrix.tasks.crew import crew
from hendrix.tasks.loop import TaskLoop
from hendrix.tasks.presence import BEAT
from hendrix.worker import forks
from hendrix.worker.channel import BlockingChannel
from hendrix.worker.recycle import Recycle

_PULSE = 1.0


def live(number: int, config: Config, sock: socket.socket) -> int:
    """Work until told to leave. Returns the exit status."""
    setproctitle(f"hendrix: task worker {number} [{config.subject}]")
    log.be("task worker", number)
    log.reopen()
    labour = Labour(number, config, sock)
    return labour.run()


class Labour:
    """One process that works on tasks."""

    def __init__(self, number: int, config: Config, sock: socket.socket) -> None:
        self._number, self._config = number, config
        self._channel = BlockingChannel(sock)
        self._saying = threading.Lock()
        queues = [name.strip() for name in config.task_queues.split(",") if name.strip()]
        self._loop = TaskLoop(queues, config.task_interval)
        self._recycle = Recycle(config, time.monotonic())
        self._draining = self._retiring = False
        self._over = threading.Event()
        self._waiting = 0
        self._deadline = 0.0

    def run(self) -> int:
        """See ``live``."""
        # A terminal's Ctrl-C goes to every process of its group; the supervisor tells us what it means.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGQUIT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._drain(self._config.task_timeout))
        signal.signal(signal.SIGUSR1, lambda *_: log.reopen())
        forks.took((signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1))
        forks.call_in_others(self._loop.leave)  # one that comes back from a task is not to take the next
        for work in (self._listen, self._pulse):
            threading.Thread(target=work, name=f"hendrix-{work.__name__.strip('_')}", daemon=True).start()
        self._say(Ready())
        status = 0
        try:
            self._loop.run()
        except BaseException as error:
            emit("worker.failed", ERROR, worker=self._number, exc=error)
            status = 1
        self._over.set()
        crew.finish(max(0.0, self._deadline - time.monotonic()) if self._draining else 0.0)
        forks.end_executors(1.0)
        atexit._run_exitfuncs()
        forks.flush()
        return status

    # --- the other threads ---------------------------------------------------------------------------------

    def _listen(self) -> None:
        """To the supervisor."""
        try:
            while (received := self._channel.receive()) is not None:
                message, _ = received
                if isinstance(message, Drain):
                    self._drain(message.seconds)
                elif isinstance(message, ReopenLogs):
                    log.reopen()
        except OSError:
            pass
        if not self._draining:
            emit("worker.orphaned", ERROR, worker=self._number)
            self._drain(self._config.task_timeout)

    def _pulse(self) -> None:
        """Tell the supervisor every second, and the database every few, that we live."""
        next_beat = 0.0
        while not self._over.wait(_PULSE):
            now = time.monotonic()
            if now >= next_beat:
                next_beat = now + BEAT
                self._beat()
            busy = int(self._loop.row is not None)
            self._say(Vitals(self._loop.done, 0, 1, busy, self._waiting))
            if not self._retiring and (reason := self._recycle.reason(now, self._loop.done)):
                self._retiring = True
                self._say(Retire(reason))

    def _beat(self) -> None:
        try:
            self._waiting = self._loop.beat()
        except Exception as error:
            emit("tasks.no_beat", WARNING, worker=self._number, reason=str(error).strip())

    def _say(self, message: Ready | Vitals | Retire | Draining) -> None:
        try:
            with self._saying:
                self._channel.send(message)
        except OSError:
            pass  # it is gone, which the other thread hears

    def _drain(self, seconds: float) -> None:
        if not self._draining:
            emit("worker.draining", INFO, worker=self._number, tasks=int(self._loop.row is not None))
        self._draining = True
        self._deadline = time.monotonic() + seconds
        self._loop.leave()
        threading.Thread(target=self._cut, args=(seconds,), name="hendrix-deadline", daemon=True).start()

    def _cut(self, seconds: float) -> None:
        self._say(Draining())
        if self._over.wait(seconds):
            return
        self._loop.give_up()
        crew.give_up()
        forks.flush()
        os._exit(0)
