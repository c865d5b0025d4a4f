"""A rule of the cache in one line: ``^/news/ ttl=5m grace=1m ignore=utm_*``, a pattern of paths and what holds there.

In ``hendrix.toml`` and in Django's settings it may be a table; that becomes the same line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hendrix.core import values

_WORDS = re.compile(r"[^\s]+")


def _names(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def _browser(text: str) -> str:
    return text if text in ("pass", "strip") else values.field_value(text.replace("+", " "))


#: What a rule may say: its parser. Switches may stand alone.
SAYS: dict[str, Callable[[str], Any]] = {
    "ttl": values.duration,
    "override": values.switch,
    "bypass": values.switch,
    "query": values.choice("bust", "key"),
    "ignore": _names,
    "grace": values.duration,
    "browser": _browser,
    "cookies": _names,
    "heuristic": values.switch,
}


def parse_rule(line: str) -> dict[str, Any]:
    """``path`` (a compiled pattern) and what the line says. Raises ``ValueError`` with a reason behind the line."""
    words = _WORDS.findall(line)
    if not words:
        raise ValueError("is no rule; give a pattern of paths and what holds there, such as ^/news/ ttl=5m")
    try:
        said: dict[str, Any] = {"path": re.compile(words[0])}
    except re.error as error:
        raise ValueError(f"begins with no regular expression: {error}; write one such as ^/news/") from None
    for word in words[1:]:
        name, equals, text = word.partition("=")
        if name not in SAYS:
            raise ValueError(f"says {name!r}; a rule may say {', '.join(SAYS)}")
        if name in said:
            raise ValueError(f"says {name} twice; remove one")
        try:
            said[name] = SAYS[name](text if equals else "on")
        except ValueError as error:
            raise ValueError(f"has {name}={text}, which {error}") from None
    if len(said) == 1:
        raise ValueError("says nothing of its paths; add what holds there, such as ttl=5m or bypass")
    return said


def rule(line: str) -> str:
    """The line in its normal form. Raises ``ValueError``."""
    parse_rule(line)
    return " ".join(_WORDS.findall(line))


def line_of(table: Mapping[str, Any]) -> str:
    """The line that says what ``table`` does. Raises ``ValueError``."""
    if not isinstance(table.get("path"), str) or not table["path"].strip():
        raise ValueError('has no path; add one such as path = "^/news/"')
    words = [re.sub(r"\s", r"\\s", table["path"])]
    for name, value in table.items():
        if name == "path":
            continue
        if isinstance(value, list | tuple):
            text = ",".join(str(item) for item in value)
        elif isinstance(value, bool):
            text = "on" if value else "off"
        else:
            text = str(value)
        words.append(f"{name}={'+'.join(text.split())}")
    return rule(" ".join(words))
