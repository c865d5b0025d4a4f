"""Read a line of the log back: the grammar as documented, written without a look at the code that writes it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

HEAD = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<level>[A-Z]+) \[(?P<pid>\d+)\] (?P<body>.*)")
FACT = re.compile(r' (?P<key>[^\s="]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"=\\]+))')


@dataclass
class Read:
    time: str
    level: str
    pid: int
    name: str
    facts: dict[str, str]
    below: list[str] = field(default_factory=list)


def read_facts(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = FACT.match(text, at)
        assert match, f"no fact at {text[at:]!r}"
        quoted = match["quoted"]
        found[match["key"]] = match["bare"] if quoted is None else ast.literal_eval(f'"{quoted}"')
        at = match.end()
    return found


def read_log(text: str) -> list[Read]:
    """The records in ``text``. Fails on anything that is neither a record nor indented below one."""
    found: list[Read] = []
    for line in text.splitlines():
        if line.startswith("    "):
            found[-1].below.append(line[4:])
            continue
        head = HEAD.fullmatch(line)
        assert head, f"no record: {line!r}"
        name, space, rest = head["body"].partition(" ")
        found.append(Read(head["time"], head["level"], int(head["pid"]), name, read_facts(space + rest)))
    return found
