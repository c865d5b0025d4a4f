"""What a worker's cache has done, for people: counts, and why recent answers were not kept."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

#: Recent answers that were not kept.
_RECENT = 50
#: Bytes of a URL.
_SHOWN = 200


@dataclass(slots=True)
class Tally:
    """Counts since the worker began. ``collapsed``: waited for another's answer; ``renewed``: by a 304."""

    hits: int = 0
    stale: int = 0
    misses: int = 0
    collapsed: int = 0
    passed: int = 0
    stored: int = 0
    renewed: int = 0
    #: Why answers were not kept, and requests passed by.
    reasons: Counter[str] = field(default_factory=Counter)
    recent: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=_RECENT))

    @property
    def asked(self) -> int:
        """How often something was looked for."""
        return self.hits + self.stale + self.misses + self.collapsed

    @property
    def found(self) -> int:
        """How often it was there."""
        return self.hits + self.stale

    def not_kept(self, url: bytes, reason: str) -> None:
        """For ``reason`` the answer to ``url`` was not kept."""
        self.reasons[reason] += 1
        self.recent.append((url[:_SHOWN].decode("latin-1"), reason))
