"""Standard streams that whoever started us has closed (``>&-``).

Their numbers would be those of the next files that are opened: of a listening socket, say, into which then goes what
was meant for the terminal. And Python has no object for them.
"""

from __future__ import annotations

import os
import sys

_NAMES = ("stdin", "stdout", "stderr")


def complete() -> None:
    """In their place comes what takes everything and says nothing."""
    for number, name in enumerate(_NAMES):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if name == "stdin" else "w", closefd=False, encoding="utf-8"))  # noqa: SIM115
