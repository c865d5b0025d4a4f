"""What an action says besides its result: progress, where somebody looks on, and one line at the end."""

from __future__ import annotations

import sys

from hendrix.cli.complaint import one_line
from hendrix.core.config import Config
from hendrix.observe import colour


class Voice:
    """Says as much as ``-v`` and ``-q`` allow."""

    def __init__(self, config: Config) -> None:
        self._quiet = config.quiet or config.verbosity == 0
        self._chatty = not self._quiet and (config.verbosity > 1 or colour.is_terminal(2))

    def progress(self, text: str) -> None:
        """Something goes on; on standard error, where that is a terminal or more was asked for."""
        if self._chatty:
            print(one_line(text), file=sys.stderr, flush=True)

    def notice(self, text: str) -> None:
        """Something that one must know, on standard error."""
        print(f"hx: {one_line(text)}", file=sys.stderr, flush=True)

    def outcome(self, text: str) -> None:
        """It is done; on standard output."""
        if not self._quiet:
            print(one_line(text), flush=True)
