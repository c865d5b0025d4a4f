"""The old project's ``hendrix.options``: all options with their defaults, as a dict to change and to deploy with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hendrix.cli.command import parse
from hendrix.core.config import OPTIONS


class Defaults(dict[str, Any]):
    """Option -> value. What stays as it was says nothing, so that files and settings may say it."""

    def __init__(self) -> None:
        super().__init__({name: option.default for name, option in OPTIONS.items()})
        self._said: set[str] = set()

    def say(self, name: str, value: Any) -> None:
        """Set it so that it counts, even where it is the default."""
        self[name] = value
        self._said.add(name)

    def changed(self) -> dict[str, Any]:
        """What was said, differs from the defaults, or is no option."""
        return {name: value for name, value in self.items() if name in self._said or _differs(name, value)}


def _differs(name: str, value: Any) -> bool:
    return name not in OPTIONS or bool(OPTIONS[name].default != value)


def options(argv: Sequence[str] = ()) -> Defaults:
    """The defaults, with what the flags in ``argv`` say. Raises ``UsageError``."""
    found = Defaults()
    if argv:
        words = list(argv) if not argv[0].startswith("-") else ["start", *argv]
        for name, given in parse(words).flags.items():
            found.say(name, given.value)
    return found
