"""Names of the first Hendrix's cache: what it kept of one answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from hendrix.cache.directives import delta_seconds, parse_cache_control

#: Seconds; of what says nothing itself, where somebody asks for it.
DEFAULT_MAX_AGE = 3600


class CachedResource:
    """``content`` (bytes) and ``headers`` (a mapping or pairs) of an answer, and when it came."""

    def __init__(self, content: bytes, headers: Mapping[str, str] | list[tuple[str, str]]) -> None:
        self.content = content
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        self.headers: dict[str, str] = {str(name).lower(): str(value) for name, value in pairs}
        self.created = time.time()
        #: What a store of today keeps beside it, and when: by the steady and by the wall clock. Not for others.
        self.packed: bytes = b""
        self.packed_at = (0.0, 0.0)
        #: Of whose purges what is packed knows the number.
        self.journal = 0

    def getMaxAge(self) -> int:
        """Seconds that it says it is fresh; 0 where it says nothing."""
        told = parse_cache_control(self.headers.get("cache-control", ""))
        for name in ("s-maxage", "max-age"):
            if name in told:
                return delta_seconds(told[name]) or 0
        return 0

    def getDate(self) -> Any:
        """Its Date as a datetime, or None."""
        return self._date("date")

    def getLastModified(self) -> Any:
        """Its Last-Modified as a datetime, or None."""
        return self._date("last-modified")

    def isFresh(self) -> bool:
        """Is it still?"""
        date = self.getDate()
        began = date.timestamp() if date else self.created
        return time.time() < min(began, self.created) + self.getMaxAge()

    def _date(self, name: str) -> Any:
        try:
            return parsedate_to_datetime(self.headers[name])
        except (KeyError, ValueError, TypeError):
            return None
