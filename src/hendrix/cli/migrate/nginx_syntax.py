"""nginx's configuration as a tree of directives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hendrix.core.errors import UsageError

_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)|(?P<mark>[;{}])|(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<word>(?:\$\{[^}]*\}|\\.|[^\s;{}"'\\])(?:\$\{[^}]*\}|\\.|[^\s;{}\\])*)""",
    re.DOTALL,
)
_DEEPEST = 20


@dataclass
class Directive:
    """``name words;`` or ``name words { within }``."""

    name: str
    words: list[str]
    line: int
    within: list[Directive] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join((self.name, *self.words))

    def all(self, name: str) -> Iterator[Directive]:
        """Those of this name right within."""
        return (each for each in self.within if each.name == name)


def parse(name: str, text: str) -> list[Directive]:
    """The directives of the file ``name``. Raises ``UsageError`` with the line where it makes no sense."""
    found, closed = _block(name, _tokens(name, text), 0)
    if closed:
        raise UsageError(f"{name}: a }} closes nothing")
    return found


def _tokens(name: str, text: str) -> Iterator[tuple[str, str, int]]:
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise UsageError(f"{name} line {line}: this is not nginx's syntax")
        if match.lastgroup == "quoted":
            yield "word", re.sub(r"\\(.)", r"\1", match[0][1:-1]), line
        elif match.lastgroup != "blank":
            yield str(match.lastgroup), match[0], line
        line += match[0].count("\n")
        at = match.end()


def _block(name: str, tokens: Iterator[tuple[str, str, int]], depth: int) -> tuple[list[Directive], bool]:
    """The directives up to the closing brace; was there one?"""
    if depth > _DEEPEST:
        raise UsageError(f"{name}: blocks within more than {_DEEPEST} blocks")
    found: list[Directive] = []
    words: list[str] = []
    began = 0
    for kind, text, line in tokens:
        if kind == "word":
            began = began if words else line
            words.append(text)
        elif text == "}":
            if words:
                raise UsageError(f"{name} line {began}: {words[0]} does not end with ;")
            return found, True
        elif words:
            directive = Directive(words[0], words[1:], began)
            if text == "{":
                directive.within, closed = _block(name, tokens, depth + 1)
                if not closed:
                    raise UsageError(f"{name} line {began}: the block of {words[0]} is not closed")
            found.append(directive)
            words = []
    if words:
        raise UsageError(f"{name} line {began}: {words[0]} does not end with ;")
    return found, False
