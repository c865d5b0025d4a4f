"""A kept answer as it is sent: one coding of it, its head rendered; what changes each second, once a second."""

from __future__ import annotations

import time

from hendrix.answer.caching.tally import Tally
from hendrix.cache import status
from hendrix.cache.entry import Entry
from hendrix.cache.store.interface import Journal
from hendrix.core.conditional import Validators, validators_of
from hendrix.core.dates import parse_http_date
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import Prepared
from hendrix.wire.prepare import prepare

#: RFC 9110 section 15.4.5: what a 304 says of the fields of a 200.
_OF_UNMODIFIED = frozenset(("cache-control", "content-location", "date", "etag", "expires", "vary"))


class Shown:
    """``headers`` are all that is said of it in this coding."""

    __slots__ = (
        "_bare",
        "_journal",
        "_second",
        "_tally",
        "_unmodified",
        "_unmodified_now",
        "_whole_now",
        "body",
        "conditions",
        "entry",
        "generation",
        "headers",
        "validators",
    )

    def __init__(
        self, entry: Entry, headers: ResponseHeaders, body: bytes, journal: Journal, tally: Tally, now: float
    ) -> None:
        self.entry = entry
        self.headers = headers
        self.body = body
        self._journal = journal
        self._tally = tally
        self._bare = prepare(entry.status, headers, body)
        self._unmodified: Prepared | None = None
        self._second = -1
        self._whole_now: Prepared | None = None
        self._unmodified_now: Prepared | None = None
        self.generation = -1
        self.validators = validators_of(headers, now)
        #: The same for If-Modified-Since: where there is no Last-Modified, Date is (RFC 9111 section 4.3.2).
        self.conditions = self.validators if self.validators.modified >= 0 else _dated(self.validators, headers, now)

    # --- as a hit ------------------------------------------------------------------------------------------

    def whole(self, now: float) -> Prepared:
        """All of it, at ``now`` (steady seconds)."""
        self._turn(now)
        if self._whole_now is None:
            self._whole_now = self._told(self._bare, now)
        return self._whole_now

    def unmodified(self, now: float) -> Prepared:
        """A 304."""
        self._turn(now)
        if self._unmodified_now is None:
            self._unmodified_now = self._told(self._bare_unmodified(), now)
        return self._unmodified_now

    def until(self, now: float) -> float:
        """When what ``whole`` says is no longer so, in monotonic seconds; for what is fresh."""
        entry = self.entry
        return time.monotonic() + min(entry.born + self._second + 1.0, entry.born + entry.lifetime) - now

    def still(self) -> bool:
        """Has nothing been purged since? It is asked where it is served again, so it counts."""
        if self._journal.generation != self.generation:
            return False
        self._tally.hits += 1
        self.entry.hits += 1
        return True

    # --- otherwise -----------------------------------------------------------------------------------------

    def whole_as(self, now: float, said: str) -> Prepared:
        """All of it; ``said`` is the value of Cache-Status."""
        return _with(self._bare, self.entry.age(now), said)

    def unmodified_as(self, now: float, said: str) -> Prepared:
        """A 304 likewise."""
        return _with(self._bare_unmodified(), self.entry.age(now), said)

    def _turn(self, now: float) -> None:
        second = int(self.entry.age(now))
        if second != self._second:
            self._second = second
            self._whole_now = self._unmodified_now = None

    def _told(self, bare: Prepared, now: float) -> Prepared:
        return _with(bare, self.entry.age(now), status.hit(self.entry, now))

    def _bare_unmodified(self) -> Prepared:
        if self._unmodified is None:
            kept = [(name, value) for name, value in self.headers if name.lower() in _OF_UNMODIFIED]
            self._unmodified = prepare("304 Not Modified", kept)
        return self._unmodified


def _with(bare: Prepared, age: float, said: str) -> Prepared:
    """Both values are ours: there is nothing in them to refuse."""
    seconds = str(int(age))
    return Prepared(
        bare.status,
        [*bare.headers, ("Age", seconds), ("Cache-Status", said)],
        b"%bAge: %b\r\nCache-Status: %b\r\n" % (bare.head, seconds.encode(), said.encode()),
        bare.length,
        bare.body,
        None,
        0,
        bare.own,
    )


def _dated(known: Validators, headers: ResponseHeaders, now: float) -> Validators:
    value = next((value for name, value in headers if name.lower() == "date"), "")
    found = parse_http_date(value.strip().encode("latin-1", "replace"), now)
    return known if found is None else Validators(known.etag, found)
