"""The application that another server was told to serve."""

from __future__ import annotations

import re

from hendrix.cli.migrate.migration import Migration

_OWN = re.compile(r"([\w.]+)\.(wsgi|asgi)(?::(application|app))?")


def serve(migration: Migration, words: str, source: str, kind: str) -> None:
    """``words`` are ``module:attribute``; ``kind`` is ``wsgi`` or ``asgi``."""
    words = words.strip("\"'")
    found = _OWN.fullmatch(words)
    if found is not None:
        option = "--asgi" if kind == "asgi" else "--wsgi"
        migration.leave(
            source,
            source,
            f"not needed: hx start finds the project by manage.py and serves sync and async views of it"
            f" ({option} {words} serves just that application)",
        )
    elif "(" in words or not re.fullmatch(r"[\w.]+(:[\w.]+)?", words):
        migration.leave(source, source, f"a factory; give the application that it makes a name, and that to --{kind}")
    else:
        migration.say(kind, words, source)
