"""A record of ``logging`` as text: time, level, [pid], name and facts on one line; tracebacks indented below it."""

from __future__ import annotations

import logging
import traceback

from hendrix.observe import colour
from hendrix.observe.facts import block, printable, value
from hendrix.observe.stamp import Stamps, iso, iso_with_milliseconds

#: Django logs what a peer did wrong (a Host that is not allowed) with the traceback of its own check, which says
#: nothing, and which a peer could fill a disk with.
_PEERS_FAULT = "django.security."

_COLOURS = {logging.DEBUG: colour.GREY, logging.INFO: colour.GREEN, logging.WARNING: colour.YELLOW}


class EventRecord(logging.LogRecord):
    """An event on its way: its message is a finished line already. ``sentence`` is for people, or empty."""

    def __init__(self, level: int, message: str, exc: BaseException | None, stack: str, sentence: str) -> None:
        exc_info = (type(exc), exc, exc.__traceback__) if exc else None
        super().__init__("hendrix", level, "", 0, message, (), exc_info, None, stack or None)
        self.sentence = sentence


class LineFormatter(logging.Formatter):
    """Makes the text of a record. ``bare``: sentences for people go without time and level."""

    def __init__(self, coloured: bool, bare: bool, terminal: bool) -> None:
        super().__init__()
        self._stamps = Stamps(iso)
        self._coloured = coloured
        self._bare = bare
        self._terminal = terminal

    def format(self, record: logging.LogRecord) -> str:
        """The record without its last newline. Whatever it holds, no second record can be read out of it."""
        sentence = getattr(record, "sentence", "")
        if sentence and self._bare:
            return f"{sentence}; Ctrl-C stops it" if self._terminal else str(sentence)
        body = sentence or self._body(record)
        stamp = iso_with_milliseconds(self._stamps, record.created)
        return f"{stamp} {self._level(record)} [{record.process}] {body}{_below(record)}"

    def _level(self, record: logging.LogRecord) -> str:
        name = printable(record.levelname)
        if not self._coloured:
            return name
        return f"{_COLOURS.get(record.levelno, colour.RED)}{name}{colour.RESET}"

    def _body(self, record: logging.LogRecord) -> str:
        if isinstance(record, EventRecord):
            return record.getMessage()
        first, *rest = _message(record).splitlines() or [""]
        return f"{printable(record.name)} message={value(first)}{block(rest)}"


def _message(record: logging.LogRecord) -> str:
    """What the record says. Arguments that do not fit are the caller's mistake and no reason to lose it."""
    try:
        return record.getMessage()
    except Exception:
        return f"{record.msg!r} {record.args!r}"


def _below(record: logging.LogRecord) -> str:
    below = ""
    if record.name.startswith(_PEERS_FAULT):
        return below
    if record.exc_info and record.exc_info[0] is not None:
        below = block("".join(traceback.format_exception(*record.exc_info)).splitlines())
    if record.stack_info:
        below += block(record.stack_info.splitlines())
    return below
