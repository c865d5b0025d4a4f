"""The watcher: a process that tells the supervisor when the project's code has changed. Development only.

An event of the kernel, or the passing of time where there is none, is only a reason to look; a change is what looks
different, has settled, and has another content than before. Nothing that is only read can cause one, so that a
reload never causes the next. Without events (no watchfiles, a file system that has none, too many directories) files
are found a little later, and the same ones.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterable
from importlib.util import cache_from_source

from hendrix.core.control import Changed, Decoder, Watch, encode
from hendrix.core.events import DEBUG, emit
from hendrix.supervisor.alarm import Alarm
from hendrix.supervisor.ledger import Ledger
from hendrix.supervisor.scope import Scope, View

MOST_NAMES = 20
"""Names in one message: who reads it wants to know what happened, not each of 500 files."""
POLL = 0.3
"""Seconds between looks without events."""
DISTRUST = 2.0
"""Seconds between looks with them: network and shared file systems do not tell what others have written."""
_QUIET, _BURST = 0.05, 0.25
_ATTEMPTS = 5
_SHARE = 20
"""Looks without an event take at most one part in this many of a processor."""
_CHUNK = 1 << 16


def watch(channel: socket.socket) -> None:
    """Take ``Watch``, each instead of the one before; say ``Changed``; return at the end of ``channel`` (blocking)."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        Watcher(channel).run()


class Watcher:
    """Looks when woken, and when it has not looked for a while."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._alarm: Alarm | None = None
        self._decoder = Decoder()
        self._scope: Scope | None = None
        self._ledger = Ledger()
        self._directories: set[str] = set()
        self._next_look = 0.0

    def run(self) -> None:
        """Until the end of the channel."""
        while True:
            woken = self._wait()
            if self._channel in woken and not self._hear():
                return
            if self._alarm in woken and self._is_due():
                self._tell(self._look(settled=True))
            elif self._scope and time.monotonic() >= self._next_look:
                self._tell(self._look(settled=False))

    def _wait(self) -> list[socket.socket | Alarm]:
        wakers: list[socket.socket | Alarm] = [self._channel, *([self._alarm] if self._alarm else [])]
        patience = max(0.0, self._next_look - time.monotonic()) if self._scope else None
        return select.select(wakers, [], [], patience)[0]

    def _hear(self) -> bool:
        data = self._channel.recv(_CHUNK)
        for message, _ in self._decoder.feed(data, []):
            if isinstance(message, Watch):
                self._watch(message)
        return bool(data)

    def _watch(self, message: Watch) -> None:
        first = self._scope is None
        self._scope = Scope(message.files, message.roots)
        # At once: what has been saved so far is taken for what has been loaded, unless it is too young for that.
        self._ledger.adopt(self._scope.look().files, message.since)
        if first:
            self._alarm = _alarm()
        self._next_look = 0.0  # what happens meanwhile is told to no alarm, or to one that will be gone

    def _is_due(self) -> bool:
        if not self._alarm or not self._scope:
            return False
        scope, directories = self._scope, self._directories
        return any(path in directories or scope.may_matter(path) for path in self._alarm.events())

    # --- looking ------------------------------------------------------------------------------------------

    def _look(self, settled: bool) -> list[str]:
        """What has changed. An alarm waits for the end of a burst; without one that is done here."""
        if not self._scope:
            return []
        view = self._view(self._scope)
        if not self._ledger.lacks(view.files):
            return []
        if not settled:
            view = _settled(self._scope, view)
        return self._ledger.update(view.files)

    def _view(self, scope: Scope) -> View:
        """How things are, with the alarm set for all directories that there are."""
        began = time.thread_time()
        view = scope.look()
        cost = time.thread_time() - began
        for _ in range(_ATTEMPTS):
            if not self._alarm or view.directories == self._directories:
                break
            self._set_alarm(self._alarm, view.directories)
            view = scope.look()
        self._next_look = time.monotonic() + max(DISTRUST if self._alarm else POLL, cost * _SHARE)
        return view

    def _set_alarm(self, alarm: Alarm, directories: set[str]) -> None:
        try:
            alarm.watch(directories)
            self._directories = directories
        except FileNotFoundError:
            self._directories = set()  # gone since the look: look again
        except OSError as error:
            emit("watch.polling", DEBUG, reason=str(error), directories=len(directories))
            alarm.close()
            self._alarm = None

    def _tell(self, changed: list[str]) -> None:
        if changed:
            _drop_bytecode(changed)
            self._channel.sendall(encode(Changed(sorted(changed)[:MOST_NAMES])))


def _settled(scope: Scope, view: View) -> View:
    """Wait for the end of a burst: a checkout of many files, the two steps of an editor."""
    deadline = time.monotonic() + _BURST
    while time.monotonic() < deadline:
        time.sleep(_QUIET)
        before, view = view, scope.look()
        if view.files == before.files:
            break
    return view


def _drop_bytecode(changed: Iterable[str]) -> None:
    """Have Python compile these again.

    It knows whole seconds and sizes only (PEP 552): of two saves in one second it would go on with the first.
    """
    for path in changed:
        if path.endswith(".py"):
            with contextlib.suppress(OSError):  # there is none, or it is another user's
                os.unlink(cache_from_source(path))


def _alarm() -> Alarm | None:
    try:
        return Alarm()
    except ImportError:
        return None
