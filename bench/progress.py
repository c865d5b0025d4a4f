"""What the bench is doing, on stderr; and the one error that ends it with a line instead of a traceback."""

import sys
import time

_begun = time.monotonic()


class BenchError(Exception):
    """The benchmark cannot go on; the message is one line that says why and what to do."""


def say(text: str) -> None:
    """One progress line, with the seconds since the start."""
    print(f"[{time.monotonic() - _begun:6.1f} s] {text}", file=sys.stderr, flush=True)
