"""The terminal of ``hx top``: keys in, pages out. One thread looks at the server, this one is never kept waiting."""

from __future__ import annotations

import curses
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from hendrix.cli.panes import PANES, SORTS, Style, View, page
from hendrix.cli.requests import described, stack
from hendrix.cli.top import BEAT, Watched
from hendrix.core.errors import HendrixError

_ESCAPE, _ENTER = 27, (10, 13, curses.KEY_ENTER)
_TURN = 100  # milliseconds
_COLOURS = {Style.GOOD: curses.COLOR_GREEN, Style.FAIR: curses.COLOR_YELLOW, Style.BAD: curses.COLOR_RED}


def run(watched: Watched) -> int:
    """Until the user has seen enough. Raises ``HendrixError`` where nothing is known of the terminal."""
    try:
        curses.setupterm(fd=1)
    except curses.error:
        name = os.environ.get("TERM", "")
        raise HendrixError(
            f"the terminal {name!r} (TERM) is not known here; set TERM=xterm, or use hx top --once"
        ) from None
    os.environ.setdefault("ESCDELAY", "25")
    return int(curses.wrapper(lambda window: Screen(window, watched).live()))


class Screen:
    """One user before it."""

    def __init__(self, window: Any, watched: Watched) -> None:
        self._window, self._watched = window, watched
        self._view = View()
        self._facts: dict[str, Any] = {}
        self._ended = threading.Event()
        self._busy = threading.Lock()  # one question at a time
        #: What the next key answers, and what has been typed so far of a number.
        self._then: Callable[[], None] | None = None
        self._typed: str | None = None
        self._styles = _styles()
        window.timeout(_TURN)

    def live(self) -> int:
        """See ``run``."""
        threading.Thread(target=self._look, name="hx-look", daemon=True).start()
        try:
            while True:
                self._draw()
                key = self._window.getch()
                if key != -1 and not self._key(key):
                    return 0
        except KeyboardInterrupt:
            return 0
        finally:
            self._ended.set()

    # --- the other thread ----------------------------------------------------------------------------------

    def _look(self) -> None:
        while not self._ended.is_set():
            if not self._view.paused:
                try:
                    with self._busy:
                        self._facts = self._watched.look()
                    if self._view.message.startswith("no look:"):
                        self._view.message = ""
                except (HendrixError, OSError) as error:
                    self._view.message = f"no look: {error}"
            self._ended.wait(BEAT)

    def _do(self, what: str, action: Callable[[], None]) -> None:
        """In a thread of its own: a reload takes its time."""

        def act() -> None:
            self._view.message = f"{what} ..."
            try:
                action()
                self._view.message = f"{what}: done"
            except (HendrixError, OSError) as error:
                self._view.message = str(error)

        threading.Thread(target=act, name="hx-do", daemon=True).start()

    # --- keys ----------------------------------------------------------------------------------------------

    def _key(self, key: int) -> bool:
        """False: that is all."""
        view = self._view
        if view.question:
            self._answer(key)
            return True
        view.message = ""
        match key:
            case 113:  # q
                return False
            case 112:  # p
                view.paused = not view.paused
            case 115:  # s
                view.sort = SORTS[(SORTS.index(view.sort) + 1) % len(SORTS)]
            case 9:  # tab
                view.pane = PANES[(PANES.index(view.pane) + 1) % len(PANES)]
                view.stack = None
            case curses.KEY_UP | 107:
                view.chosen = max(0, view.chosen - 1)
            case curses.KEY_DOWN | 106:
                view.chosen = min(max(0, len(self._facts.get("requests", ())) - 1), view.chosen + 1)
            case 12:  # ^L
                self._window.redrawwin()
            case _ if key == _ESCAPE:
                view.stack = None
            case _ if key in _ENTER:
                self._open()
            case _:
                self._ask(key)
        return True

    def _ask(self, key: int) -> None:
        match key:
            case 82:  # R
                self._confirm("Reload the code? (y/n)", lambda: self._do("reload", self._watched.reload))
            case 80:  # P
                self._confirm("Purge the whole cache? (y/n)", lambda: self._do("purge", self._watched.purge))
            case 114:  # r
                self._typed = ""
                self._view.question = "Recycle which worker? number, enter: "
            case _:
                pass

    def _confirm(self, question: str, then: Callable[[], None]) -> None:
        self._view.question, self._then = question, then

    def _answer(self, key: int) -> None:
        if self._typed is not None:
            self._type(key)
            return
        then, self._then, self._view.question = self._then, None, ""
        if key in (121, 89) and then is not None:  # y, Y
            then()

    def _type(self, key: int) -> None:
        typed = self._typed or ""
        if ord("0") <= key <= ord("9") and len(typed) < 9:
            self._typed = typed + chr(key)
            self._view.question += chr(key)
            return
        self._typed, self._view.question = None, ""
        if key in _ENTER and typed:
            self._do(f"recycle worker {typed}", lambda: self._watched.recycle(int(typed)))

    def _open(self) -> None:
        """The stack of the chosen request."""
        rows = self._facts.get("requests", ())
        if self._view.pane != "requests" or not rows:
            return
        row = rows[min(self._view.chosen, len(rows) - 1)]
        try:
            found = self._watched.stack(str(row["id"]))
        except (HendrixError, OSError) as error:
            self._view.message = str(error)
            return
        lines = list(described({**row, **found.get("request", {})}))
        self._view.stack = [*lines, *(list(stack(found))[1:] if found else ["it is over"])]

    # --- the page ------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        height, width = self._window.getmaxyx()
        facts = self._facts
        self._view.chosen = min(self._view.chosen, max(0, len(facts.get("requests", ())) - 1))
        self._window.erase()
        for number, (text, style) in enumerate(page(facts, self._view, width, height, time.time())):
            try:
                self._window.addstr(number, 0, text, self._styles[style])
            except curses.error:
                pass  # the terminal has just become smaller
        self._window.refresh()


def _styles() -> dict[Style, int]:
    """Colours only where the terminal has them and nobody has asked for none."""
    styles = dict.fromkeys(Style, curses.A_NORMAL)
    styles |= {Style.TITLE: curses.A_BOLD, Style.HEAD: curses.A_REVERSE, Style.CHOSEN: curses.A_REVERSE}
    try:
        curses.curs_set(0)
        if curses.has_colors() and not os.environ.get("NO_COLOR"):
            curses.use_default_colors()
            for number, (style, colour) in enumerate(_COLOURS.items(), 1):
                curses.init_pair(number, colour, -1)
                styles[style] = curses.color_pair(number)
    except curses.error:
        pass
    return styles
