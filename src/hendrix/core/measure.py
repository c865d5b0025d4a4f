"""The words between workers, which count, and the supervisor, which adds up: what is counted, and in which buckets.

A *spread* counts durations in buckets: a number for each of ``BOUNDS`` (seconds, inclusive), one for all that took
longer, and the sum of the seconds.
"""

from __future__ import annotations

BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZE = len(BOUNDS) + 2

UNSEEN = "(none)"
"""Answered before any view was found: what is refused, redirected or unknown."""
OTHERS = "(others)"
"""Views beyond the first ``MOST_VIEWS``."""
MOST_VIEWS = 300
LONGEST_VIEW = 200
"""Characters."""
ABORTED = "0"
"""In the place of a status class: the peer left before its answer was complete."""
CLASSES = (ABORTED, "1", "2", "3", "4", "5")

QUEUE = "queue"
LAG = "lag"
SPREADS = (QUEUE, LAG)


def empty() -> list[float]:
    """A spread of nothing."""
    return [0] * SIZE
