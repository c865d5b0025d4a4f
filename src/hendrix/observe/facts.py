"""An event as one line of text: its name, then ``key=value`` in the order given.

A value is quoted where it could not be told otherwise, with the escapes of JSON and Python, so that a line can be
read back and no value can end a line or reach a terminal as a control sequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_BARE = re.compile(r"[^\s\"=\\]+")
_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_INDENT = "    "
#: Facts of many lines.
BELOW = ("stack", "stacks", "traceback")


def render(name: str, facts: Mapping[str, object]) -> str:
    """``name key=value ...``, without what is shown ``below`` the line."""
    shown = [f"{key}={value(fact)}" for key, fact in facts.items() if key not in BELOW]
    return " ".join([printable(name), *shown])


def below(facts: Mapping[str, object]) -> str:
    """Stacks and tracebacks: text of many lines, which would be hard to read in one."""
    return "\n".join(str(facts[key]).rstrip() for key in BELOW if facts.get(key))


def value(fact: object) -> str:
    """One value: None is ``-``, flags are ``true`` and ``false``, floats have six decimals at most, lists commas."""
    if fact is None:
        return "-"
    if isinstance(fact, bool):
        return "true" if fact else "false"
    if isinstance(fact, float):
        return f"{fact:.6f}".rstrip("0").rstrip(".")
    return _quoted(text(fact))


def text(fact: object) -> str:
    """A fact as plain text, whatever it is."""
    if isinstance(fact, str):
        return fact
    if isinstance(fact, bytes):
        return fact.decode("utf-8", "backslashreplace")
    if isinstance(fact, list | tuple):
        return ",".join(map(text, fact))
    return _asked(fact)


def _asked(fact: object) -> str:
    """What the object says of itself, whatever its own code does."""
    try:
        text = str(fact)
    except Exception:
        return f"<{type(fact).__name__} that cannot be shown>"
    if isinstance(fact, BaseException) and not isinstance(fact, OSError):
        return f"{type(fact).__name__}: {text}" if text else type(fact).__name__
    return text


def _quoted(text: str) -> str:
    if _BARE.fullmatch(text) and text.isprintable() and text != "-":
        return text
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return "".join([_NAMED.get(char) or _shown(char) for char in text])


def _shown(char: str) -> str:
    code = ord(char)
    if char.isprintable():
        return char
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def printable(text: str) -> str:
    """``text`` on one line: only what cannot be printed is escaped."""
    return text if text.isprintable() else "".join(map(_shown, text))


def block(lines: Iterable[str]) -> str:
    """Lines below a line: each indented, so that none can be taken for a record of its own."""
    return "".join([f"\n{_INDENT}{printable(line.expandtabs())}" for line in lines])
