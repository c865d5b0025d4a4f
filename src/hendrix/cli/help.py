"""The help pages of ``hx``, from the tables of actions and options. All but the longest fit a screen of 24 lines."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator

from hendrix.cli.actions import ACTIONS, WHICH, Action
from hendrix.core.config import GROUPS, OPTIONS, Option

_COLUMN = 32
_NARROW = 24
_PAUSE = re.compile(r"[;:,.] | (?=and |\()")
#: Of ``hx -h``: what nearly everybody gives.
_MOST_USED = ("bind", "workers", "domain", "dev")
#: Of ``hx start -h``.
_COMMON = (
    *("settings", "wsgi"),
    *("bind", "http_port"),
    *("workers", "threads"),
    *("key", "cert"),
    *("dev", "daemonize", "pid"),
    *("loud", "log", "access_log"),
)


def page(action: str, width: int, *, everything: bool = False) -> str:
    """Help for ``action``, or for ``hx`` as a whole, in lines of at most ``width`` signs; with ``everything`` all
    options and all that is to be said of them."""
    if everything:
        lines = _all(ACTIONS[action or "start"], width)
    elif not action:
        lines = _whole(width)
    elif action == "start":
        lines = _start(ACTIONS[action], width)
    else:
        lines = _action(ACTIONS[action], width)
    return "\n".join(lines) + "\n"


# --- the pages --------------------------------------------------------------------------------------------


def _whole(width: int) -> Iterator[str]:
    yield "usage: hx ACTION [options]"
    yield "Hendrix, the application server for Django."
    yield ""
    for action in ACTIONS.values():
        yield from _row(f"  {action.name}", action.help, _NARROW, width)
    yield "Most used options"
    yield from _brief(_MOST_USED, width)
    yield from _row("  hx ACTION --help", "what it takes; hx start --help-all: all options", _NARROW, width)
    yield from _row("  hx --version", "the version", _NARROW, width)


def _start(action: Action, width: int) -> Iterator[str]:
    yield f"usage: hx {action.name} [options]     {action.help}"
    for group, title in GROUPS.items():
        if names := [name for name in _COMMON if OPTIONS[name].group == group]:
            yield title
            yield from _brief(names, width)
    yield "All options: hx start --help-all. Each may also be given as HX_<NAME> in the"
    yield "environment, in hendrix.toml, or in the HENDRIX dict of Django's settings."


def _action(action: Action, width: int) -> Iterator[str]:
    yield from _head(action)
    yield ""
    for verb, text in action.verbs.items():
        yield from _row(f"  {verb}", text, _NARROW, width)
    if action.takes == frozenset(OPTIONS):
        yield f"It takes all options of hx start (hx {action.name} --help-all lists them), and"
        yield from _switches(action, _NARROW, width)
    else:
        yield from _switches(action, _NARROW, width)
        yield from _brief([name for name in OPTIONS if name in action.takes], width)
    yield ""
    yield from textwrap.wrap(_notes(action), min(width, 80), break_on_hyphens=False)


def _all(action: Action, width: int) -> Iterator[str]:
    yield from _head(action)
    for group, title in GROUPS.items():
        if names := [name for name in OPTIONS if OPTIONS[name].group == group and name in action.takes]:
            yield ""
            yield title
            for name in names:
                yield from _option(OPTIONS[name], width)
    yield ""
    yield "About hx"
    yield from _switches(action, _COLUMN, width)
    yield from _row("  -h, --help", "the options that are used most", _COLUMN, width)
    yield from _row("  --help-all", "this page", _COLUMN, width)
    yield from _row("  --version", "the version", _COLUMN, width)
    yield ""
    said = (
        "Options may also be given as HX_<NAME> in the environment, in hendrix.toml, and in the HENDRIX dict of "
        "Django's settings; the first of these that speaks counts. A switch is turned off by no before its name: "
        "--no-preload."
    )
    yield from textwrap.wrap(f"{said} {_notes(action)}", width, break_on_hyphens=False)


def _head(action: Action) -> Iterator[str]:
    verb = f" {'|'.join(action.verbs)}" if action.verbs else ""
    operands = f" {action.operands}" if action.operands else ""
    yield f"usage: hx {action.name}{verb}{operands} [options]"
    yield ""
    yield action.help[0].upper() + action.help[1:] + "."


def _notes(action: Action) -> str:
    return f"{WHICH} {action.notes}" if action.needs_a_server else action.notes


# --- their rows -------------------------------------------------------------------------------------------


def _switches(action: Action, column: int, width: int) -> Iterator[str]:
    for name, text in action.switches.items():
        yield from _row(f"  {action.spelled(name)}", text, column, width)


def _brief(names: Collection[str], width: int) -> Iterator[str]:
    """A line for each option: as much of its help as there is room for, and none of the names it has elsewhere."""
    for name in names:
        option = OPTIONS[name]
        text = _cut(option.help, max(width, 80) - _NARROW, _default(option))
        own = [flag for flag in option.flags if flag == option.flag or not flag.startswith("--")]
        yield _called(option, own).ljust(_NARROW) + text


def _cut(text: str, room: int, more: str) -> str:
    """``text`` and ``more`` in ``room`` signs; where they are longer, what fits of the text up to a pause in it."""
    if len(text + more) <= room:
        return text + more
    pauses = [len(text), *(found.start() for found in _PAUSE.finditer(text))]
    return text[: max((pause for pause in pauses if pause <= room), default=room)]


def _option(option: Option, width: int) -> Iterator[str]:
    yield from _row(_called(option, option.flags), option.help + _default(option), _COLUMN, width)


def _called(option: Option, flags: Collection[str]) -> str:
    return "  " + ", ".join(flags) + (f" {option.metavar}" if option.metavar else "")


def _row(called: str, text: str, column: int, width: int) -> Iterator[str]:
    first, *more = textwrap.wrap(text, max(width - column, 30), break_on_hyphens=False)
    if len(called) > column - 2:
        yield called
        called = ""
    yield called.ljust(column) + first
    for line in more:
        yield " " * column + line


def _default(option: Option) -> str:
    shown = "" if option.switch else option.spelled(option.default)
    return f" [{shown}]" if shown else ""
