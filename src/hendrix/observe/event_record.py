"""An event as a record of ``logging``."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from hendrix.observe.facts import below, render


class EventRecord(logging.LogRecord):
    """An event on its way: its message is a finished line already. ``sentence`` is for people, or empty."""

    def __init__(
        self,
        level: int,
        event: str,
        facts: Mapping[str, object],
        exc: BaseException | None = None,
        sentence: str = "",
    ) -> None:
        exc_info = (type(exc), exc, exc.__traceback__) if exc else None
        super().__init__("hendrix", level, "", 0, render(event, facts), (), exc_info, None, below(facts) or None)
        self.event, self.facts = event, facts
        self.sentence = sentence
