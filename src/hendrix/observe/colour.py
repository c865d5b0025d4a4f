"""Colours, where somebody can see them and has not asked for none (https://no-color.org)."""

from __future__ import annotations

import os

RED, GREEN, YELLOW, BLUE, GREY = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[34m", "\x1b[90m"
RESET = "\x1b[0m"


def is_terminal(fd: int) -> bool:
    """Whether ``fd`` is open and a terminal."""
    try:
        return os.isatty(fd)
    except OSError:
        return False


def wanted(fd: int) -> bool:
    """Whether lines to ``fd`` may have colours: a terminal that can, and no ``NO_COLOR``."""
    return is_terminal(fd) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
