"""The table ``[cache]`` of ``hendrix.toml``, and its ``[[cache.rules]]``: another spelling of ``cache_…`` options."""

from __future__ import annotations

import re
from typing import Any

from hendrix.cli.given import Given, read
from hendrix.cli.nearest import advice
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError

FILE = "hendrix.toml"
_PREFIX = "cache_"
#: Names in the table that are not an option's without its beginning.
_NAMES = {"on": "cache", "enabled": "cache", "global": "global_cache", "rules": "cache_rule"}
_KNOWN = {name.removeprefix(_PREFIX): name for name in OPTIONS if name.startswith(_PREFIX)} | _NAMES


def cache_table(table: dict[str, Any], text: str) -> dict[str, Given]:
    """What the table says. A table at all means that there is to be a cache, unless it says ``on = false``.

    Raises ``UsageError`` with the line.
    """
    level = {"cache": Given(True, f"{FILE} line {_line(r'cache', text)}, [cache]")}
    for key, value in table.items():
        name = _KNOWN.get(key.replace("-", "_"))
        place = f"{FILE} line {_key_line(key, text)}"
        if name is None:
            hint = advice(key, _KNOWN, "they are the options of the cache without cache_ before them")
            raise UsageError(f"{place}: {key} is unknown in [cache]; {hint}")
        level[name] = _rules(value, text) if key == "rules" else read(name, value, f"{place}, {key}")
    return level


def _rules(rules: Any, text: str) -> Given:
    """Each names the line that it begins in."""
    if not isinstance(rules, list):
        raise UsageError(f"{FILE} line {_key_line('rules', text)}: rules is no list; write [[cache.rules]] tables")
    lines = [text.count("\n", 0, found.start()) + 1 for found in re.finditer(r"^[ \t]*\[\[[ \t]*cache", text, re.M)]
    said: list[str] = []
    for number, rule in enumerate(rules):
        line = lines[number] if len(lines) == len(rules) else _key_line("rules", text)
        said += read("cache_rule", [rule], f"{FILE} line {line}, rule {number + 1} of the cache").value
    return Given(tuple(said), f"{FILE} line {lines[0] if lines else _key_line('rules', text)}, rules")


def _line(name: str, text: str) -> int:
    found = re.search(rf"^[ \t]*\[+[ \t]*{name}[ \t]*[\].]|^[ \t]*{name}[ \t]*[.=]", text, re.M)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _key_line(key: str, text: str) -> int:
    """Within the table."""
    begin = re.search(r"^[ \t]*\[cache\]", text, re.M)
    found = re.compile(rf"""^[ \t]*(?:cache\.)?["']?{re.escape(key)}["']?[ \t]*=""", re.M).search(
        text, begin.end() if begin else 0
    )
    return text.count("\n", 0, found.start()) + 1 if found else _line("cache", text)
