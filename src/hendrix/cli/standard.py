"""Standard streams as whoever started us has left them.

The numbers of those that are closed (``>&-``) would be those of the next files that are opened: of a listening socket,
say, into which then goes what was meant for the terminal. And Python has no object for them.
"""

from __future__ import annotations

import io
import os
import sys

_NAMES = ("stdin", "stdout", "stderr")


def complete() -> None:
    """In the place of a closed one comes what takes everything and says nothing; and a sign that the terminal's
    encoding does not have is no error."""
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
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
