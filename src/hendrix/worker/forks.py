"""Processes that the project forks, as ``multiprocessing`` does: copies of ours that are not the server.

Such a copy has our handlers of signals, and writes what it gets to the descriptor that wakes our loop: ``terminate()``
would not end it, but have the worker drain. It has our sockets: long after us it would keep the port, and keep peers
waiting for the end of connections that we have closed. So it lets go of all that at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Container, Iterable
from typing import Any

from hendrix.core.events import WARNING, emit
from hendrix.core.signals import LEFT_TO_SUPERVISOR

#: Those of them that no project can have the meaning of: each worker has handlers of its own for them.
_NEVER_THE_PROJECTS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class _Forks:
    """Of this process."""

    def __init__(self) -> None:
        self.ours = False
        self.handlers: dict[signal.Signals, Any] = {}
        self.let_go: Callable[[], None] = lambda: None


_forks = _Forks()
_thread = threading.local()


def begin() -> None:
    """In the template, before the project is imported."""
    took(LEFT_TO_SUPERVISOR)
    os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_forked)


def took(signums: Iterable[signal.Signals]) -> None:
    """The handlers of these are ours now."""
    _forks.handlers |= {signum: signal.getsignal(signum) for signum in signums}


def take_back() -> None:
    """The project is imported, and may have set handlers: a terminal's ^C is not to end this process."""
    for signum in _NEVER_THE_PROJECTS:
        signal.signal(signum, _forks.handlers[signum])


def fork() -> int:
    """``os.fork`` for a process that is one of ours."""
    _forks.ours = True
    try:
        return os.fork()
    finally:
        _forks.ours = False


def await_end(pid: int) -> None:
    """Of a child of ours. A project that has the system or a handler reap its children has it reap ours, too."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def end_executors(seconds: float) -> None:
    """In a worker that ends: processes of ``concurrent.futures`` are told, which else would wait for work for ever.

    Python does it when it waits for its threads, which we do not. Those that work are waited for a little.
    """
    module = sys.modules.get("concurrent.futures.process")
    tell = getattr(module, "_python_exit", None)
    if tell is not None:
        thread = threading.Thread(target=tell, name="hendrix-executors", daemon=True)
        thread.start()
        thread.join(seconds)


def flush() -> None:
    """What the project has printed; to whatever it has made of these, or to a reader that has gone."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def call_in_others(let_go: Callable[[], None]) -> None:
    """``let_go`` is called in each process that the project forks."""
    _forks.let_go = let_go


def have_no_children() -> None:
    """In a worker that has just been forked: what the project started in the template is not this process' to end."""
    module = sys.modules.get("multiprocessing.process")
    with contextlib.suppress(AttributeError):
        module._children.clear()  # type: ignore[union-attr]


def end_children() -> None:
    """In a template that ends: what the project started in it by ``multiprocessing`` ends as it would with Python."""
    module = sys.modules.get("multiprocessing.util")
    with contextlib.suppress(Exception):
        module._exit_function()  # type: ignore[union-attr]


def leave() -> None:
    """The end of a process that was forked while a request was answered, and went on as if it were the server."""
    emit("fork.came_back", WARNING, advice="end a process that os.fork began by os._exit, or begin it by subprocess")
    flush()
    os._exit(0)


def place(sock: socket.socket) -> object:
    """What a listening socket has in common with the connections that come to it: its port, or its path."""
    name = sock.getsockname()
    return name[1] if isinstance(name, tuple) and len(name) > 1 else name or None


def close_sockets(places: Container[object]) -> None:
    """Close all sockets at these places."""
    for entry in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError):  # no socket, or the descriptor of the listing
            sock = socket.socket(fileno=int(entry))
            if place(sock) in places:
                sock.close()
            else:
                sock.detach()


# --- around each fork -------------------------------------------------------------------------------------


def _block() -> None:
    """What a child is sent before it has let go would be ours: it waits."""
    _thread.mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _thread.mask)


def _forked() -> None:
    try:
        if not _forks.ours:
            _let_go()
    finally:
        _unblock()


def _let_go() -> None:
    with contextlib.suppress(ValueError):  # not in the main thread, which a forked one is
        signal.set_wakeup_fd(-1)
        for signum, handler in _forks.handlers.items():
            if signal.getsignal(signum) is handler:
                signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)
    with contextlib.suppress(Exception):
        _forks.let_go()
