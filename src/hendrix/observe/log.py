"""The log: events, standard ``logging`` and Twisted's end in one place, standard error or a file.

    2026-11-23T19:05:01.123Z WARNING [1234] worker.exited worker=3 status=1 reason="out of memory"
    2026-11-23T19:05:02.001Z ERROR [1234] django.request message="Internal Server Error: /x"
        Traceback (most recent call last):
        ...

Events go to the logger ``hendrix``, which has the handler itself and does not propagate: a project's ``LOGGING``
that replaces the root's handlers or disables existing loggers does not silence the server. A project that names
``hendrix`` in its ``LOGGING`` takes it over, and one that sets the root's handlers has the root.
"""

from __future__ import annotations

import atexit
import logging
import os

from hendrix.core import events, redact
from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.observe import colour, journal
from hendrix.observe.bridge import bridge_twisted
from hendrix.observe.event_record import EventRecord
from hendrix.observe.handler import SinkHandler
from hendrix.observe.journal import Journal
from hendrix.observe.json_line import JsonFormatter
from hendrix.observe.line import LineFormatter
from hendrix.observe.process import be
from hendrix.observe.ready import listens_at
from hendrix.observe.sink import Sink

#: By verbosity: the level of the root, and of Hendrix's own events.
_LEVELS = {
    0: (logging.ERROR, logging.ERROR),
    1: (logging.WARNING, logging.INFO),
    2: (logging.INFO, logging.INFO),
    3: (logging.DEBUG, logging.DEBUG),
}
_WAITING = 256 * 1024
_STANDARD_ERROR = 2

_hendrix = logging.getLogger("hendrix")
_handler: SinkHandler | None = None


def configure(config: Config) -> None:
    """Set up logging for this process; called again, change it. Standard error must be what it will be by now.

    Raises ``UsageError`` where the file of ``--log`` cannot be opened.
    """
    global _handler
    redact.learn(config.redact)
    verbosity = 0 if config.quiet else config.verbosity
    root_level, own_level = _LEVELS[verbosity]
    # Loggers below the root have levels of their own (Django's is INFO), so "errors only" is the handler's to hold.
    least = logging.ERROR if verbosity == 0 else logging.NOTSET
    entries = _journal(config)
    sink = _sink(config.log)
    new = SinkHandler(sink, least, _formatter(config, sink, verbosity), entries)
    old, _handler = _handler, new
    _install(logging.getLogger(), old, root_level)
    _install(_hendrix, old, own_level)
    _hendrix.propagate = False
    if old is None:
        _begin()
    else:
        old.end()


def _sink(path: str) -> Sink:
    try:
        return Sink(path or "-", standard=2, limit=_WAITING)
    except OSError as error:
        raise UsageError(f"--log: cannot open {path}: {error.strerror}") from None


def _formatter(config: Config, sink: Sink, verbosity: int) -> logging.Formatter:
    if config.log_format == "json":
        return JsonFormatter()
    return LineFormatter(
        coloured=colour.wanted(sink.fd),
        bare=sink.path == "-",
        terminal=colour.is_terminal(sink.fd),
        brief=config.reload and verbosity <= 1 and config.log in ("", "-"),
    )


def _journal(config: Config) -> Journal | None:
    """Where the log goes to it. What it does not take goes where the log would go without it."""
    if config.log_format == "journal" and not journal.is_there():
        raise UsageError(f"--log-format journal: no journal listens at {journal.PLACE}; give text, json or auto")
    chosen = config.log_format == "journal" or (config.log_format == "auto" and _is_journal(config.log))
    return Journal() if chosen else None


def _is_journal(path: str) -> bool:
    return path in ("", "-") and journal.is_journal(_STANDARD_ERROR, os.environ) and journal.is_there()


def _install(logger: logging.Logger, old: SinkHandler | None, level: int) -> None:
    """Put the handler in the place of the old one; where the project has removed that, its word stands."""
    if old is not None:
        if old not in logger.handlers:
            return
        logger.removeHandler(old)
    assert _handler is not None
    logger.addHandler(_handler)
    logger.setLevel(level)


def _begin() -> None:
    events.listen(_write)
    atexit.register(_finish)
    os.register_at_fork(after_in_child=_forked)


def _write(name: str, level: int, facts: dict[str, object]) -> None:
    """The listener: one event, one record. It never raises into who emits."""
    _hendrix.disabled = False  # dictConfig sets it by default for loggers that it does not know
    if not _hendrix.isEnabledFor(level):
        return
    try:
        _hendrix.handle(_record(name, level, facts))
    except Exception as error:  # a handler or filter of the project's
        if _handler is not None:
            _handler.handle(EventRecord(logging.ERROR, "log.failed", {"event": name}, error))


def _record(name: str, level: int, facts: dict[str, object]) -> EventRecord:
    exc = facts.get("exc")
    sentence = listens_at(facts) if name == "server.ready" else ""
    return EventRecord(level, name, facts, exc if isinstance(exc, BaseException) else None, sentence)


def reopen() -> None:
    """The log file was moved away (USR1): go on in a new one of that name, with the same permissions.

    Where that fails the old file is kept and says so.
    """
    if _handler is None:
        return
    try:
        _handler.reopen()
    except OSError as error:
        events.emit("log.reopen_failed", events.ERROR, path=_handler.sink.path, error=error.strerror)


def _forked() -> None:
    if _handler is not None:
        _handler.sink.forget()


def _finish() -> None:
    if _handler is not None:
        _handler.sink.finish()


__all__ = ["be", "bridge_twisted", "configure", "reopen"]
