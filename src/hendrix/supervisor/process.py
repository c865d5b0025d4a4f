"""Processes: the fork of the template, whose children workers are, what became of them, and titles.

The template forks each worker twice, so that the worker's parent is gone at once. As the supervisor is a *child
subreaper* the worker then becomes its child: the exit status comes here, and the worker outlives the template.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import NoReturn

from hendrix.core.config import Config
from hendrix.core.signals import LEFT_TO_SUPERVISOR

Template = Callable[[socket.socket, Config, int], None]
"""What runs in the template process: it talks over the (blocking) socket, forks workers, returns at its end.

The number is the descriptor of the file for its stacks.
"""
Work = Callable[[socket.socket], None]
"""What runs in any child of the supervisor, with its end of the channel."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK = 0.005  # seconds between looks at a child that was killed
_DEFAULT_AGAIN = (signal.SIGCHLD, signal.SIGTTIN, signal.SIGTTOU)


def adopt_orphans() -> bool:
    """Become the parent of grandchildren whose parent ends. ``False`` where the system has no such thing."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def start(title: str, work: Work, release: Callable[[], None]) -> tuple[int, socket.socket]:
    """Fork a process that does ``work``. Returns its pid and our end of its channel.

    ``release`` is called in the child and closes what is the supervisor's alone. Raises ``OSError`` when the
    system has no more processes or descriptors.
    """
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    _flush()
    # No signal between the fork and the child's own handlers: it would be told to the supervisor's loop.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            ours.close()
            _be(title, theirs, work, release, parent, mask)
    except OSError:
        ours.close()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()
    return pid, ours


def reap() -> list[tuple[int, int]]:
    """The children that have ended, with their wait statuses. Those of strangers too, as PID 1 must."""
    ended: list[tuple[int, int]] = []
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended.append((pid, status))
    return ended


def describe(status: int) -> str:
    """A wait status in words: ``killed by SIGKILL``, ``exit status 1``."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit status {code}"
    core = " (core dumped)" if os.WCOREDUMP(status) else ""
    return f"killed by {_signal_name(-code)}{core}"


def is_stopped(pid: int) -> bool:
    """Whether a signal (SIGSTOP, a debugger) holds the process. ``False`` where that cannot be seen."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in ("T", "t")
    except (OSError, IndexError):
        return False


def is_our_child(pid: int) -> bool:
    """Whether ``pid`` is a child that has not been reaped."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (AttributeError, OSError):  # macOS has it since Python 3.13
        return False
    return True


def send_signal(pid: int, signum: int) -> None:
    """Send a signal to a child that has not been reaped, so that the pid is surely its own."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)


def end(pids: Iterable[int], patience: float = 1.0) -> None:
    """Kill children that have not been reaped, and reap them; one that survives ``patience`` seconds is left alone."""
    left = set(pids)
    for pid in left:
        send_signal(pid, signal.SIGKILL)
    deadline = time.monotonic() + patience
    while left := {pid for pid in left if not _reaped(pid)}:
        if time.monotonic() >= deadline:
            break
        time.sleep(_LOOK)


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def set_title(title: str) -> None:
    """Show ``title`` in lists of processes, where setproctitle is installed."""
    try:
        from setproctitle import setproctitle  # noqa: PLC0415 - optional
    except ImportError:
        return
    setproctitle(title)


def _be(
    title: str,
    channel: socket.socket,
    work: Work,
    release: Callable[[], None],
    parent: int,
    mask: Iterable[int],
) -> NoReturn:
    me, status = os.getpid(), 1
    try:
        _reset_signals(mask)
        release()
        die_with(parent)
        set_title(title)
        work(channel)
        status = 0
    except BaseException as error:
        if os.getpid() == me:  # and not a worker that it forked
            _confess(channel, error)
    finally:
        _flush()
        os._exit(status)


def _reset_signals(mask: Iterable[int]) -> None:
    signal.set_wakeup_fd(-1)
    for signum in _DEFAULT_AGAIN:
        signal.signal(signum, signal.SIG_DFL)
    for signum in LEFT_TO_SUPERVISOR:
        # Not SIG_IGN, which the programs that a project starts would inherit.
        signal.signal(signum, _leave_to_supervisor)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _leave_to_supervisor(signum: int, frame: object) -> None:
    pass


def die_with(parent: int) -> None:
    """An import that hangs would not see the end of its channel, so the kernel ends it with the supervisor."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _confess(channel: socket.socket, error: BaseException) -> None:
    from hendrix.core.control import LoadFailed, encode  # noqa: PLC0415 - the supervisor has it, hx status does without

    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    told = LoadFailed(summary, "".join(traceback.format_exception(error)))
    with contextlib.suppress(OSError):
        channel.sendall(encode(told))


def _prctl(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # noqa: PLC0415 - commands need none of it

    words = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    return bool(ctypes.CDLL(None, use_errno=True).prctl(ctypes.c_int(option), *words) == 0)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
