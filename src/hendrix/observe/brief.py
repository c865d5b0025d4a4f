"""``--dev``: a line on the terminal for each answer, to be read while one works.

12:04:31 200 GET  /shop/basket?item=3  18 ms
12:04:32 500 POST /shop/order  3.2 s
"""

from __future__ import annotations

from hendrix.core.redact import public
from hendrix.observe import colour
from hendrix.observe.access import AccessLog, Schedule
from hendrix.observe.entry import Entry
from hendrix.observe.escape import escaped, word
from hendrix.observe.format import Line
from hendrix.observe.news import clock

_COLOURS = {1: colour.BLUE, 2: colour.GREEN, 3: colour.BLUE, 4: colour.YELLOW}


def brief_line(coloured: bool) -> Line:
    """The function that writes a line; where ``coloured``, the status in the colour of its class."""
    return _coloured if coloured else _plain


def brief_log(schedule: Schedule) -> AccessLog:
    """A log of such lines on standard output; coloured on a terminal without ``NO_COLOR``."""
    return AccessLog(brief_line(colour.wanted(1)), "-", schedule)


def _plain(entry: Entry) -> str:
    return f"{clock(entry.finished)} {entry.status} {_request(entry)}  {_duration(entry.seconds)}"


def _coloured(entry: Entry) -> str:
    status = f"{_COLOURS.get(entry.status // 100, colour.RED)}{entry.status}{colour.RESET}"
    return (
        f"{colour.GREY}{clock(entry.finished)}{colour.RESET} {status} {_request(entry)}"
        f"  {colour.GREY}{_duration(entry.seconds)}{colour.RESET}"
    )


def _request(entry: Entry) -> str:
    request = entry.request
    return f"{word(request.method):<4} {escaped(public(request.target))}"


def _duration(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{seconds:.1f} s"
