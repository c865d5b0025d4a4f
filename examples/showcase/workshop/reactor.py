"""Twisted from inside a view: possible where the server runs a reactor, harmless where it does not."""

from typing import NamedTuple


class Report(NamedTuple):
    """What came of asking the reactor."""

    running: bool
    reactor: str | None
    seconds: float | None  # the reactor's own clock
    remark: str


def ask() -> Report:
    """Read the clock of the reactor, in the reactor's thread, and wait for the result."""
    try:
        # Not at the top: the project runs without Twisted, and importing the reactor also chooses it.
        from twisted.internet import reactor, threads  # noqa: PLC0415
        from twisted.python.threadable import isInIOThread  # noqa: PLC0415
    except ImportError:
        return Report(False, None, None, "Twisted is not installed here.")
    name = type(reactor).__name__
    if not reactor.running:
        return Report(False, name, None, "This server runs no Twisted reactor, so nobody would answer.")
    if isInIOThread():
        return Report(True, name, reactor.seconds(), "This view runs in the reactor's own thread.")
    seconds = threads.blockingCallFromThread(reactor, reactor.seconds)
    return Report(True, name, seconds, "The view asked from its thread; the reactor answered from its own.")
