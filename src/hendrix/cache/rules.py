"""Rules: what holds for the paths that a pattern matches, besides what answers say themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hendrix.cache.key import meant_path
from hendrix.core.record import record


@record(frozen=True)
class Rule:
    """``path`` is searched from the beginning of a path, percent-encoded where it has to be (``key.meant_path``)."""

    path: re.Pattern[str] = re.compile("")
    #: Seconds that an answer is fresh which says nothing of that itself; with ``override``, whatever it says.
    ttl: float | None = None
    override: bool = False
    #: Not cached at all.
    bypass: bool = False
    #: ``bust``: what has a query passes, unless it carries ``cache=true``. ``key``: the query is part of the key.
    query: str = "bust"
    #: Parameters that make no difference; a ``*`` at the end stands for anything.
    ignore: tuple[str, ...] = ()
    #: Seconds past its time in which an answer that says nothing of that itself is served while it is renewed, and
    #: where renewing fails.
    grace: float = 0.0
    #: What browsers learn of an answer's Cache-Control: ``pass`` it on, ``strip`` it, or this value in its place.
    browser: str = "pass"
    #: Cookies that matter here; None: those that matter elsewhere, too.
    cookies: tuple[str, ...] | None = None
    #: Guess a lifetime by Last-Modified (RFC 9111 section 4.2.2).
    heuristic: bool = False
    number: int = -1


@dataclass(slots=True)
class Rules:
    """The first that matches governs; ``otherwise`` where none does."""

    rules: Sequence[Rule]
    otherwise: Rule
    _known: dict[bytes, Rule] = field(default_factory=dict)

    def of(self, path: bytes) -> Rule:
        """The rule for ``path``."""
        if not self.rules:
            return self.otherwise
        rule = self._known.get(path)
        if rule is None:
            text = meant_path(path).decode("latin-1")
            rule = next((rule for rule in self.rules if rule.path.match(text)), self.otherwise)
            if len(self._known) >= 4096:
                self._known.clear()
            if len(path) <= 256:
                self._known[path] = rule
        return rule
