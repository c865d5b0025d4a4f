"""The handler of ``logging`` that writes to a sink."""

from __future__ import annotations

import logging
import os
import sys

from hendrix.observe.event_record import EventRecord
from hendrix.observe.journal import Journal
from hendrix.observe.journal_entry import encode
from hendrix.observe.journal_record import fields_of
from hendrix.observe.sink import Sink


class SinkHandler(logging.Handler):
    """Each record becomes one write to ``sink``; nothing is raised into who logs.

    Where there is a ``journal`` the record goes there, and to ``sink`` only what that does not take. Lines that had to
    be dropped are counted, and told in a line of their own once writing works again.
    """

    def __init__(self, sink: Sink, level: int, formatter: logging.Formatter, journal: Journal | None = None) -> None:
        super().__init__(level)
        self.sink = sink
        self._journal = journal
        self._busy = False
        self.formatter = formatter

    def emit(self, record: logging.LogRecord) -> None:
        """Write ``record``, unless another handler shows it at the very same place."""
        try:
            if not isinstance(record, EventRecord) and self._shown_elsewhere(record):
                return
            if self._journal is not None and self._journal.send(encode(fields_of(record))):
                if not self.sink.waiting:
                    return
            elif text := self.format(record):
                self.sink.put([text])
        except Exception as error:
            self.sink.put([self.format(EventRecord(logging.ERROR, "log.failed", {}, error))])
        self._write()

    def _write(self) -> None:
        if self._busy:  # a signal's handler logs while this thread writes: the loop below takes it along
            return
        self._busy = True
        try:
            if self.sink.drain() and self.sink.lost:
                self._tell_lost()
        finally:
            self._busy = False

    def _tell_lost(self) -> None:
        lost, self.sink.lost = self.sink.lost, 0
        self.sink.put([self.format(EventRecord(logging.WARNING, "log.lost", {"lines": lost}))])
        self.sink.drain()

    def _shown_elsewhere(self, record: logging.LogRecord) -> bool:
        """Whether a handler before the root's writes ``record`` to the same file or terminal.

        Django's ``console`` handler does where ``DEBUG`` is on, and many projects give loggers one.
        """
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None:
            if any(self._shows(handler, record) for handler in logger.handlers):
                return True
            logger = logger.parent if logger.propagate else None
        return False

    def _shows(self, handler: logging.Handler, record: logging.LogRecord) -> bool:
        if handler is self or not isinstance(handler, logging.StreamHandler) or record.levelno < handler.level:
            return False
        return self._same_place(handler.stream) and bool(handler.filter(record))

    def _same_place(self, stream: object) -> bool:
        if stream is sys.stderr and self.sink.path == "-":
            return True
        try:
            return os.path.sameopenfile(stream.fileno(), self.sink.fd)  # type: ignore[attr-defined]
        except (OSError, AttributeError, ValueError):
            return False

    def reopen(self) -> None:
        """Open the sink's file anew; ``OSError`` where that fails, and the old one is kept."""
        assert self.lock is not None  # only where a subclass makes none
        with self.lock:
            self.sink.reopen()

    def end(self) -> None:
        """Another one has its place."""
        self.sink.close()
        if self._journal is not None:
            self._journal.close()

    def close(self) -> None:
        """Not the sink: ``logging.config.dictConfig`` closes every handler, also those that stay in use."""
        self._write()
        super().close()
