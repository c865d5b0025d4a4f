"""A record of ``logging`` as one JSON object. Its fields are kept from release to release:

``time`` (UTC), ``level``, ``pid``, ``process``, ``logger``, ``event`` (null for what is not Hendrix's own),
``message``, ``request_id`` (of a task: its own; null outside), ``facts`` (of an event, or the ``extra`` of a record)
and ``traceback`` (text, or null).
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from itertools import islice

from hendrix.core.redact import HIDDEN, is_secret_fact
from hendrix.observe.event_record import EventRecord
from hendrix.observe.facts import BELOW, text
from hendrix.observe.line import message_of, trace_of
from hendrix.observe.process import process
from hendrix.observe.stamp import Stamps, iso, iso_with_milliseconds
from hendrix.observe.subject import subject_of

_USUAL = frozenset((*logging.makeLogRecord({}).__dict__, "message", "asctime", "request_id", "taskName"))
#: Facts that have fields of their own.
_ELSEWHERE = (*BELOW, "id", "exc")
_MOST = 50
_LONGEST = 64 * 1024
_LONGEST_TRACE = 256 * 1024


class JsonFormatter(logging.Formatter):
    """Makes the line of a record."""

    def __init__(self) -> None:
        super().__init__()
        self._stamps = Stamps(iso)

    def format(self, record: logging.LogRecord) -> str:
        """One line of ASCII."""
        own = record if isinstance(record, EventRecord) else None
        facts = own.facts if own else _extra(record)
        message = (own.sentence or own.getMessage()) if own else message_of(record)
        told = {
            "time": iso_with_milliseconds(self._stamps, record.created),
            "level": record.levelname,
            "pid": record.process,
            "process": process.name,
            "logger": record.name,
            "event": own.event if own else None,
            "message": message[:_LONGEST],
            "request_id": subject_of(record) or None,
            "facts": {name: _plain(fact) for name, fact in islice(facts.items(), _MOST) if name not in _ELSEWHERE},
            "traceback": "\n".join(trace_of(record))[:_LONGEST_TRACE] or None,
        }
        return json.dumps(told).replace("\x7f", "\\u007f")


def _extra(record: logging.LogRecord) -> Mapping[str, object]:
    """What was given besides, as far as it is plain: Django adds whole requests, with all that is in them."""
    given = record.__dict__.items()
    found = {name: fact for name, fact in given if name not in _USUAL and _is_plain(fact)}
    return {name: HIDDEN if is_secret_fact(name) else fact for name, fact in found.items()}


def _is_plain(fact: object) -> bool:
    return fact is None or isinstance(fact, str | int | float)


def _plain(fact: object) -> object:
    if fact is None or isinstance(fact, bool | int) or (isinstance(fact, float) and math.isfinite(fact)):
        return fact
    if isinstance(fact, list | tuple):
        return [_plain(item) for item in fact[:_MOST]]
    return text(fact)[:_LONGEST]
