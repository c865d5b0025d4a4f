"""What was found in a configuration of another server: options of ours, and what has no match."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hendrix.cli.given import read
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError
from hendrix.core.record import record
from hendrix.core.values import FREE_TEXT, umask

_HEADER = "# hendrix.toml, from {}. Put it beside manage.py; hx check shows what it comes to.\n"


@record(frozen=True)
class Found:
    """An option and where it was found, as one would say it: ``line 3: workers = 4``."""

    option: str
    value: Any
    source: str


@record(frozen=True)
class Left:
    """What no option stands for, and what to do about it."""

    what: str
    source: str
    advice: str


@dataclass
class Migration:
    """Filled by the readers of this package. ``name`` is what is read."""

    name: str
    found: dict[str, Found] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def say(self, option: str, value: Any, source: str) -> None:
        """``option`` is to have ``value``, if this version knows it and it is a good one."""
        if option not in OPTIONS:
            self.leave(source, source, f"this version has no option {option}")
            return
        if isinstance(value, str) and value.isdecimal() and OPTIONS[option].parse not in (*FREE_TEXT, umask):
            value = int(value)
        try:
            read(option, value, source)
        except UsageError as error:
            self.leave(source, source, str(error).removeprefix(f"{source}: "))
            return
        before = self.found.get(option)
        if OPTIONS[option].repeat and before is not None:
            value = [*_listed(before.value), *(item for item in _listed(value) if item not in _listed(before.value))]
        elif before is not None and before.value != value:
            self.leave(before.source, before.source, f"{source} says something else of {option}; choose")
        self.found[option] = Found(option, value, source)

    def leave(self, what: str, source: str, advice: str) -> None:
        """Nothing of ours stands for ``what``."""
        self.left.append(Left(what, source, advice))

    def toml(self) -> str:
        """The matching ``hendrix.toml``, with what has no match as comments behind it."""
        lines = [_HEADER.format(self.name)]
        for each in sorted(self.found.values(), key=lambda each: list(OPTIONS).index(each.option)):
            lines.append(f"{each.option} = {_toml(each.value)}  # {_one_line(each.source)}")
        if self.left:
            lines += ["", "# No option stands for these:"]
            lines += [f"# - {_one_line(each.what)}: {_one_line(each.advice)}" for each in self.left]
        return "\n".join(lines) + "\n"

    def facts(self) -> dict[str, Any]:
        """The same for a script."""
        return {
            "from": self.name,
            "options": {each.option: each.value for each in self.found.values()},
            "left": [{"what": each.what, "source": each.source, "advice": each.advice} for each in self.left],
        }


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))[:160]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # A basic string of TOML escapes as JSON does, but for DEL and what lies outside the BMP.
    return str(value) if isinstance(value, int | float) else json.dumps(str(value), ensure_ascii=False)
