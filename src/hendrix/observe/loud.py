"""``-l``: a line on the terminal for each answer, as the old Hendrix wrote it."""

from __future__ import annotations

from hendrix.observe import colour
from hendrix.observe.access import AccessLog, Schedule
from hendrix.observe.entry import Entry
from hendrix.observe.escape import escaped, word
from hendrix.observe.format import Line

_COLOURS = {2: colour.GREEN, 3: colour.BLUE, 4: colour.YELLOW}


def _line(entry: Entry) -> str:
    request = entry.request
    place = f"{word(entry.origin.scheme)}://{escaped(request.authority)}{escaped(request.path)}"
    return f"Response [{entry.status}] => Request {word(request.method)} {place} on pid {entry.pid}"


def _coloured(entry: Entry) -> str:
    return f"{_COLOURS.get(entry.status // 100, colour.RED)}{_line(entry)}{colour.RESET}"


def loud_line(coloured: bool) -> Line:
    """The function that writes a loud line: green 2xx, blue 3xx, yellow 4xx, else red, where ``coloured``."""
    return _coloured if coloured else _line


def loud_log(schedule: Schedule) -> AccessLog:
    """A log of loud lines on standard output; coloured on a terminal without ``NO_COLOR``."""
    return AccessLog(loud_line(colour.wanted(1)), "-", schedule)
