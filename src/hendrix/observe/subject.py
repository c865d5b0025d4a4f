"""Which request, or which task, a record of ``logging`` is about."""

from __future__ import annotations

import logging

from hendrix.core.request_id import request_id
from hendrix.observe.event_record import EventRecord

_LONGEST = 128


def subject_of(record: logging.LogRecord) -> str:
    """Its id: what the record says itself, else what is at hand where it was made; empty: none."""
    told = record.facts.get("id") if isinstance(record, EventRecord) else getattr(record, "request_id", None)
    found = told if isinstance(told, str) and told not in ("", "-") else request_id()
    return found[:_LONGEST]
