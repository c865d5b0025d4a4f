"""The help pages of ``hx``, from the tables of actions and options."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from hendrix.cli.actions import ACTIONS
from hendrix.core.config import GROUPS, OPTIONS, Option

_COLUMN = 32


def page(action: str, width: int) -> str:
    """Help for ``action``, or for ``hx`` as a whole, in lines of at most ``width`` signs."""
    return "\n".join((*(_action_head(action) if action else _head()), *_options(width), "", *_foot())) + "\n"


def _head() -> Iterator[str]:
    yield "usage: hx ACTION [options]"
    yield ""
    yield "Hendrix, the application server for Django."
    yield ""
    yield "Actions"
    for action in ACTIONS.values():
        yield f"  {action.name:{_COLUMN - 4}}  {action.help}"


def _action_head(name: str) -> Iterator[str]:
    yield f"usage: hx {name} [options]"
    yield ""
    yield ACTIONS[name].help.capitalize() + "."


def _options(width: int) -> Iterator[str]:
    for group, title in GROUPS.items():
        yield ""
        yield title
        for option in OPTIONS.values():
            if option.group == group:
                yield from _option(option, width)


def _option(option: Option, width: int) -> Iterator[str]:
    called = "  " + ", ".join(option.flags) + (f" {option.metavar}" if option.metavar else "")
    first, *more = textwrap.wrap(option.help + _default(option), max(width - _COLUMN, 30), break_on_hyphens=False)
    if len(called) > _COLUMN - 2:
        yield called
        called = ""
    yield called.ljust(_COLUMN) + first
    for line in more:
        yield " " * _COLUMN + line


def _default(option: Option) -> str:
    shown = "" if option.switch else option.spelled(option.default)
    return f" [{shown}]" if shown else ""


def _foot() -> Iterator[str]:
    yield "About hx"
    yield "  -h, --help".ljust(_COLUMN) + "show this page"
    yield "  --version".ljust(_COLUMN) + "show the version"
    yield ""
    yield "Options may also be given as HX_<NAME> in the environment, in hendrix.toml, and in the"
    yield "HENDRIX dict of Django's settings; the first of these that speaks counts."
