"""A record of ``logging`` as the fields of systemd's journal.

``journalctl HENDRIX_EVENT=request.slow``, ``journalctl HENDRIX_REQUEST_ID=...``; names that are not ours are those
that systemd documents (``systemd.journal-fields``), or that its own handler for Python gives.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from hendrix.observe.event_record import EventRecord
from hendrix.observe.facts import BELOW, printable, text
from hendrix.observe.line import below, message_of
from hendrix.observe.process import process
from hendrix.observe.subject import subject_of

#: The levels of syslog (RFC 5424 section 6.2.1): critical, error, warning, informational, debug.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


def fields_of(record: logging.LogRecord) -> Iterator[tuple[str, str]]:
    """Name and value of each."""
    yield "MESSAGE", _message(record)
    yield "PRIORITY", str(next((number for level, number in _PRIORITIES if record.levelno >= level), _DEBUG))
    yield "SYSLOG_IDENTIFIER", "hendrix"
    yield "LOGGER", record.name
    yield "THREAD_NAME", record.threadName or ""
    yield "HENDRIX_PROCESS", process.name
    if subject := subject_of(record):
        yield "HENDRIX_REQUEST_ID", subject
    if isinstance(record, EventRecord):
        yield from _of_event(record)
        return
    if process.role == "worker":
        yield "HENDRIX_WORKER", str(process.number)
    yield "CODE_FILE", record.pathname
    yield "CODE_LINE", str(record.lineno)
    yield "CODE_FUNC", record.funcName or ""


def _of_event(record: EventRecord) -> Iterator[tuple[str, str]]:
    yield "HENDRIX_EVENT", record.event
    if process.role == "worker" and "worker" not in record.facts:
        yield "HENDRIX_WORKER", str(process.number)
    for name, fact in record.facts.items():
        if name not in BELOW and name not in ("id", "exc"):
            yield f"HENDRIX_{name}", text(fact)


def _message(record: logging.LogRecord) -> str:
    """As in a line of text, without what the journal knows by itself."""
    if isinstance(record, EventRecord):
        return f"{record.sentence or record.getMessage()}{below(record)}"
    lines = message_of(record).splitlines() or [""]
    return "\n".join(map(printable, lines)) + below(record)
