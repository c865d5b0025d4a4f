"""Names that never matter in a project's tree: what programs write beside the code. Pure.

A file that is asked for by its whole name matters whatever it is called; this is about what is found on the way.
"""

from __future__ import annotations

import re

_SKIPPED = frozenset({"__pycache__", "node_modules", "bower_components", "site-packages"})
_SUFFIXES = (
    # editors and their safe ways of writing
    "~",
    ".swp",
    ".swo",
    ".swx",
    ".tmp",
    ".bak",
    "___jb_tmp___",
    "___jb_old___",
    # what Python and gettext compile, and what they compile it from
    ".pyc",
    ".pyo",
    ".po",
    ".pot",
    # what a running project writes
    ".log",
    ".pid",
    ".sock",
    ".db",
    ".db-journal",
    ".sqlite",
    ".sqlite3",
    "-journal",
    "-wal",
    "-shm",
)
#: ``4913`` and its successors are how vim finds out whether it may write; ``#x#`` is Emacs's.
_NAMES = re.compile(r"\d{4,6}|#.*#|flycheck_.*", re.DOTALL)


def is_skipped(name: str) -> bool:
    """Whether nothing below a directory of this name matters: hidden ones (.git, .venv), caches, dependencies."""
    return name in _SKIPPED or name.startswith(".")


def is_noise(name: str) -> bool:
    """Whether a file of this name is none of the project's: hidden, a backup, compiled, a log, a database."""
    return name.startswith(".") or name.endswith(_SUFFIXES) or _NAMES.fullmatch(name) is not None
