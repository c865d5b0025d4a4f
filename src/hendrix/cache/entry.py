"""A kept answer, and the fork in the way to one.

Times are *steady* seconds (``core.clock.steady``): they pass while the machine sleeps, are the same in all processes
of a machine since it started, and no step of the wall clock moves them. A store that outlives the machine, or that
several machines share, keeps ages instead and turns them into times again when it reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hendrix.core.http import ResponseHeaders

IDENTITY = "identity"
#: What an entry takes besides its bytes; also what keeps a flood of empty ones within the bounds.
OVERHEAD = 1536
#: The same for a field of its head, for a label, and for one more body.
EACH = 128


@dataclass(slots=True)
class Entry:
    """A complete answer to GET. Nobody changes it but its store, which may add to ``bodies`` and set ``soft``."""

    #: Where it is stored: see ``cache.key``.
    key: bytes
    #: ``scheme://host/path?query``, for people; what it is purged by are the labels.
    url: bytes
    #: Like ``"200 OK"``.
    status: str
    #: As the application gave them, and Date; without fields of the connection, Age, and those not to be stored.
    headers: ResponseHeaders
    #: The content, by content coding. ``identity`` is among them unless the application itself has coded it: then
    #: it is the only one, and under the name of its coding.
    bodies: dict[str, bytes]
    #: When its age (RFC 9111 section 4.2.3) was nothing.
    born: float
    #: Seconds of age up to which it is fresh (section 4.2.1).
    lifetime: float
    #: Seconds past that in which it may be served while it is renewed (RFC 5861 section 3), and where renewing it
    #: fails (section 4).
    while_revalidate: float = 0.0
    if_error: float = 0.0
    #: May it be served stale at all, and may it be served without being validated (``no-cache``)?
    must_revalidate: bool = False
    no_cache: bool = False
    #: What it is purged by, besides the beginning of its path (``cache.purges``).
    labels: tuple[bytes, ...] = ()
    #: ``host/path?query``: what prefixes are compared with.
    place: bytes = b""
    #: The generation of the journal when the request for it went to the application.
    ticket: int = 0
    #: Softly purged: it counts as stale from now on, and is served while it is renewed as long as it had said itself.
    soft: bool = False
    #: The field values that the request had for what Vary names, for people (``hx cache ls``).
    vary: tuple[tuple[bytes, bytes], ...] = ()
    #: Of this process: how often it was served, and whatever the layer has made ready of it. Never stored elsewhere.
    hits: int = 0
    made: object = field(default=None, compare=False, repr=False)

    @property
    def size(self) -> int:
        """Bytes that it takes, near enough for bounds."""
        words = sum(len(name) + len(value) + EACH for name, value in self.headers)
        labels = sum(len(label) + EACH for label in self.labels)
        bodies = sum(len(body) + EACH for body in self.bodies.values())
        vary = sum(len(value) + EACH for _, value in self.vary)
        return OVERHEAD + len(self.key) + 2 * len(self.url) + len(self.place) + words + labels + bodies + vary

    @property
    def path(self) -> bytes:
        """Its path, by which it is known what rule governs it now."""
        return self.place[self.place.find(b"/") :].partition(b"?")[0]

    def age(self, now: float) -> float:
        """Seconds (RFC 9111 section 4.2.3)."""
        return max(0.0, now - self.born)

    def freshness(self, now: float) -> float:
        """Seconds that it stays fresh from ``now``; 0 and less: it is stale (section 4.2)."""
        if self.soft or now < self.born - self.lifetime:
            return 0.0
        return self.born + self.lifetime - now

    @property
    def useful_until(self) -> float:
        """When nothing can be done with it any more, unless it can be validated."""
        return self.born + self.lifetime + max(self.while_revalidate, self.if_error)


@dataclass(slots=True)
class Fork:
    """Stands where an answer without Vary would: what is there depends on these fields of the request.

    Several where answers of one URL have named different fields; the newest first.
    """

    key: bytes
    #: Each: names of fields, lower case, in order (RFC 9111 section 4.1).
    names: tuple[tuple[bytes, ...], ...]

    @property
    def size(self) -> int:
        """See ``Entry.size``."""
        return OVERHEAD + len(self.key) + sum(len(name) + EACH for names in self.names for name in names)


Stored = Entry | Fork
