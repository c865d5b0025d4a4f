"""What is known of one option, and how one is declared: a field of the dataclass of its group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, field
from typing import Any

from hendrix.core import log_values, values
from hendrix.core.record import record
from hendrix.core.values import Parser

_SPELL: dict[Parser, Callable[[Any], str]] = {
    values.size: values.size_text,
    values.hub_memory: values.size_text,
    values.duration: values.duration_text,
    values.workers: values.workers_text,
    log_values.share: log_values.share_text,
}


@record(frozen=True)
class Option:
    """What is known of one option besides its default."""

    name: str
    parse: Parser
    help: str
    group: str
    flags: tuple[str, ...]
    default: Any
    metavar: str = ""
    repeat: bool = False
    switch: bool = False
    reloadable: bool = True
    setting: str = ""

    @property
    def environ(self) -> str:
        """The environment variable that sets it."""
        return f"HX_{self.name.upper()}"

    @property
    def old_settings(self) -> tuple[str, ...]:
        """The old project's names for it in Django's settings."""
        return tuple(self.setting.split())

    @property
    def secret(self) -> bool:
        """Is its value nobody's business?"""
        return self.parse in values.HIDDEN

    def hides(self, value: Any) -> bool:
        """Has ``value`` a secret in it, so that it is for no command line? A URL without a password has none."""
        return self.secret and self.spelled(value) != value

    @property
    def flag(self) -> str:
        """The long flag that sets it."""
        return self.flags[-1]

    def spelled(self, value: Any) -> str:
        """``value`` as one would write it: 256MB, 30s, on. The parser reads it back."""
        if self.repeat:
            return ", ".join(value)
        if self.secret:
            return values.HIDDEN[self.parse](value)
        if self.switch:
            return "on" if value else "off"
        return _SPELL.get(self.parse, str)(value)


def option(
    default: Any,
    parse: Parser,
    text: str,
    *short: str,
    metavar: str = "",
    repeat: bool = False,
    reloadable: bool = True,
    setting: str = "",
) -> Any:
    """Declare an option. ``short`` are flags besides ``--name``; ``setting`` old Django
    settings, separated by a space.

    What is not ``reloadable`` is taken by a restart only.
    """
    about = {
        "parse": parse,
        "help": text,
        "flags": short,
        "metavar": metavar,
        "repeat": repeat,
        "switch": parse is values.switch,
        "reloadable": reloadable,
        "setting": setting,
    }
    return field(default=default, metadata={"option": about})


def described(group: str, declared: Field[Any]) -> Option:
    """What the field ``declared`` says."""
    about = declared.metadata["option"]
    flags = (*about["flags"], "--" + declared.name.replace("_", "-"))
    assert declared.default is not MISSING
    return Option(name=declared.name, group=group, default=declared.default, **{**about, "flags": flags})
