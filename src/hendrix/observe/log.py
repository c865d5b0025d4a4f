"""The log: events, standard ``logging`` and Twisted's end in one place, standard error or a file.

    2026-11-23T19:05:01.123+00:00 WARNING [1234] worker.exited worker=3 status=1 reason="out of memory"
    2026-11-23T19:05:02.001+00:00 ERROR [1234] django.request message="Internal Server Error: /x"
        Traceback (most recent call last):
        ...

Events go to the logger ``hendrix``, which has a handler of its own and does not propagate: a project's ``LOGGING``
that replaces the root's handlers or disables existing loggers does not silence the server. A project that names
``hendrix`` in its ``LOGGING`` takes it over.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys

from hendrix.core import events
from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.observe import facts as text
from hendrix.observe.bridge import bridge_twisted
from hendrix.observe.handler import SinkHandler
from hendrix.observe.ready import listens_at
from hendrix.observe.sink import Sink

_NAME = "hendrix"
_LEVELS = {0: logging.ERROR, 1: logging.WARNING, 2: logging.INFO, 3: logging.DEBUG}

_handler: SinkHandler | None = None


def configure(config: Config) -> None:
    """Set up logging for this process; again to change it. Call it once standard error is what it will be.

    Raises ``UsageError`` where the file of ``--log`` cannot be opened.
    """
    global _handler
    handler = SinkHandler(_sink(config.log), _listener_failed)
    verbosity = 0 if config.quiet else config.verbosity
    _install(logging.getLogger(), handler, _LEVELS[verbosity])
    _install(logging.getLogger(_NAME), handler, min(_LEVELS[verbosity], logging.INFO if verbosity else logging.ERROR))
    logging.getLogger(_NAME).propagate = False
    old, _handler = _handler, handler
    if old is None:
        _subscribe()
    else:
        old.retire()


def _sink(path: str) -> Sink:
    try:
        return Sink(path or "-", standard=2, limit=256 * 1024)
    except OSError as error:
        raise UsageError(f"--log: cannot open {path}: {error.strerror}") from None
