"""A record of ``logging`` as text: time, level, [pid], name and facts on one line; tracebacks indented below it."""

from __future__ import annotations

import logging
import traceback

from hendrix.observe import colour
from hendrix.observe.event_record import EventRecord
from hendrix.observe.facts import block, printable, value
from hendrix.observe.news import clock, news
from hendrix.observe.stamp import Stamps, iso, iso_with_milliseconds
from hendrix.observe.subject import subject_of

#: Django logs what a peer did wrong (a Host that is not allowed) with the traceback of its own check, which says
#: nothing, and which a peer could fill a disk with.
_PEERS_FAULT = "django.security."

_COLOURS = {logging.DEBUG: colour.GREY, logging.INFO: colour.GREEN, logging.WARNING: colour.YELLOW}


class LineFormatter(logging.Formatter):
    """Makes the text of a record. ``bare``: sentences for people go without time and level.

    ``brief``: for who develops; time of day, no level, no pid, and no text at all for what is routine.
    """

    def __init__(self, coloured: bool, bare: bool, terminal: bool, brief: bool = False) -> None:
        super().__init__()
        self._stamps = Stamps(iso)
        self._coloured = coloured
        self._bare = bare
        self._terminal = terminal
        self._brief = brief

    def format(self, record: logging.LogRecord) -> str:
        """The record without its last newline. Whatever it holds, no second record can be read out of it."""
        sentence = getattr(record, "sentence", "")
        if sentence and self._bare:
            # In two lines, as half of all terminals have 80 columns.
            return f"{sentence}; Ctrl-C stops it".replace(" (", "\n(", 1) if self._terminal else str(sentence)
        if self._brief:
            return self._briefly(record)
        body = sentence or self._body(record)
        stamp = iso_with_milliseconds(self._stamps, record.created)
        return f"{stamp} {self._level(record)} [{record.process}] {body}{below(record)}"

    def _briefly(self, record: logging.LogRecord) -> str:
        if isinstance(record, EventRecord):
            name, _, rest = news(record.event, record.levelno, record.facts).partition(" ")
        else:
            first, *more = message_of(record).splitlines() or [""]
            name, rest = printable(record.name), f"{printable(first)}{block(more)}"
        if not name:
            return ""
        time = self._painted(clock(record.created), colour.GREY)
        return f"{time} {self._painted(name, _COLOURS.get(record.levelno, colour.RED))} {rest}{below(record)}"

    def _level(self, record: logging.LogRecord) -> str:
        return self._painted(printable(record.levelname), _COLOURS.get(record.levelno, colour.RED))

    def _painted(self, text: str, code: str) -> str:
        return f"{code}{text}{colour.RESET}" if self._coloured else text

    def _body(self, record: logging.LogRecord) -> str:
        if isinstance(record, EventRecord):
            return record.getMessage()
        first, *rest = message_of(record).splitlines() or [""]
        subject = subject_of(record)
        about = f" id={value(subject)}" if subject else ""
        return f"{printable(record.name)} message={value(first)}{about}{block(rest)}"


def message_of(record: logging.LogRecord) -> str:
    """What the record says. Arguments that do not fit are the caller's mistake and no reason to lose it."""
    try:
        return record.getMessage()
    except Exception:
        return f"{record.msg!r} {record.args!r}"


def below(record: logging.LogRecord) -> str:
    """Its traceback and stack as text below its line."""
    return block(trace_of(record))


def trace_of(record: logging.LogRecord) -> list[str]:
    """The lines of its traceback and stack."""
    lines: list[str] = []
    if record.name.startswith(_PEERS_FAULT):
        return lines
    if record.exc_info and record.exc_info[0] is not None:
        lines = "".join(traceback.format_exception(*record.exc_info)).splitlines()
    if record.stack_info:
        lines += record.stack_info.splitlines()
    return lines
