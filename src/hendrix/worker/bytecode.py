"""Bytecode files that Python would take for those of a later source.

Python knows a source by the second of its last change and by its size (PEP 552). Of two saves in one second that leave
the size as it is, it goes on with the first if that was imported in between. Start-up takes less than a second, and a
deploy may follow at once: so what was imported in the second of its change is to be compiled again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from importlib.util import cache_from_source


@contextlib.contextmanager
def unambiguous() -> Iterator[None]:
    """What is imported within leaves no bytecode that a later save could be mistaken for."""
    since = time.time()
    try:
        yield
    finally:
        forget_young(since)


def forget_young(since: float) -> None:
    """Of all modules whose source changed in the second of ``since`` (Unix time) or later."""
    for source in _sources():
        if _changed(source) >= int(since):
            with contextlib.suppress(OSError):  # there is none, or it is another user's
                os.unlink(cache_from_source(source))


def _sources() -> list[str]:
    files = [getattr(module, "__dict__", {}).get("__file__") for module in list(sys.modules.values())]
    return [file for file in files if isinstance(file, str) and file.endswith(".py")]


def _changed(source: str) -> float:
    try:
        return os.stat(source).st_mtime
    except OSError:
        return 0.0
