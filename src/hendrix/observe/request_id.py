"""The id of the request at hand in what the project logs itself: see ``hendrix.logging``, its public name."""

from __future__ import annotations

import logging

from hendrix.core import request_id as at_hand


def request_id() -> str:
    """The id of the request at hand, as in its ``X-Request-ID`` and in the access log; in a task, the task's.

    Empty outside of requests and tasks, and where another server than Hendrix runs the project.
    """
    return at_hand.request_id()


class RequestIdFilter(logging.Filter):
    """A filter that drops nothing, and gives each record a ``request_id``; ``default`` where there is none.

    A record that has one already (``extra``, or a queue that it came through) keeps it. Put it on handlers: a logger's
    filters do not see what comes from the loggers below it.
    """

    def __init__(self, default: str = "-") -> None:
        super().__init__()
        self.default = default

    def filter(self, record: logging.LogRecord) -> bool:
        """See ``logging.Filter``."""
        if not hasattr(record, "request_id"):
            record.request_id = at_hand.request_id() or self.default
        return True
