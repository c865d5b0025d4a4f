"""What can go wrong, and whose fault it is.

HendrixError
|- UsageError       the user's: a bad option, file or address; the start stops with status 1
|- ProjectError     the project's: it does not import or set up; status 3, with its own traceback
|- PeerError        the peer's: bytes that break the protocol or a limit; answered with its HTTP status
|- AnswerError      the application's: an answer that HTTP cannot carry; logged, and answered with 500
|- NoResponse       the project's: something is to follow a response, and there is none
|- WorkerDied       the project's: a task ended each worker that ran it
'- BackgroundFull   the project's: more is to be done in the background than was allowed to wait
"""

from __future__ import annotations


class HendrixError(Exception):
    """Base of every error that Hendrix raises on purpose."""


class UsageError(HendrixError):
    """The command line, environment or configuration is wrong.

    The message is one line: what is wrong, where it came from, what to do.
    """

    exit_status = 1


class ProjectError(HendrixError):
    """The project cannot be loaded. ``traceback`` is the project's own, already formatted, or empty."""

    exit_status = 3

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


class PeerError(HendrixError):
    """The peer broke the protocol or a limit. It can be answered with ``status``; then the connection closes."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class AnswerError(HendrixError):
    """The application's answer cannot be sent: a header, status or body that breaks PEP 3333 or RFC 9110."""


class NoResponse(HendrixError, RuntimeError):
    """There is no response that could be followed, and ``fail_without_response`` says that there must be."""


class BackgroundFull(HendrixError, RuntimeError):
    """Too much waits for the threads of the background, and the caller cannot do it in its own: a loop runs there."""


class WorkerDied(HendrixError):
    """A task was not done, because the process that ran it ended each time."""
