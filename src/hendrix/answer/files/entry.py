"""One file as it is answered: its representations, each with the answers that are usual ready to send."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from hashlib import blake2b

from hendrix.answer.files.opening import OpenFile, identity
from hendrix.answer.files.place import SIBLINGS, Place
from hendrix.answer.files.sibling import is_current
from hendrix.answer.files.source import Source
from hendrix.answer.files.types import compressible, content_type, inert, stored_coding
from hendrix.core.clock import http_date
from hendrix.core.conditional import Validators
from hendrix.core.http import ResponseHeaders
from hendrix.core.negotiate import IDENTITY, choose_coding
from hendrix.core.prepared import Prepared
from hendrix.wire.prepare import prepare, prepare_file

#: Files up to this size (bytes) are sent from memory, larger ones from the disk.
SMALL = 64 * 1024
#: Nanoseconds for which a file that was written to may be written to again without its time telling.
_TICK = 50_000_000
#: Values of Accept-Encoding whose outcome one file remembers.
_MOST_ACCEPTS = 64
IMMUTABLE = "public, max-age=31536000, immutable"
#: For what a browser would run, were it let: it shows it, without scripts and as from an origin of its own.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; media-src data:"

Identity = tuple[int, int, int, int]


@dataclass(slots=True)
class Representation:
    """One coding of a file. Its bytes are ``body``, or all of ``file``."""

    coding: str
    size: int
    validators: Validators
    headers: ResponseHeaders
    whole: Prepared
    unmodified: Prepared
    body: bytes
    file: OpenFile | None

    def part(self, status: str, headers: ResponseHeaders, offset: int, length: int) -> Prepared:
        """An answer with some of its bytes."""
        if self.file is not None:
            return prepare_file(status, headers, self.file, offset, length)
        return prepare(status, headers, self.body[offset : offset + length])


class Entry:
    """A file and its compressed siblings, as they were when it was read."""

    __slots__ = (
        "_by_accept",
        "_offered",
        "checked",
        "cost",
        "files",
        "name",
        "path",
        "place",
        "representations",
        "seen",
        "settled",
    )

    def __init__(self, place: Place, name: str, path: str, representations: dict[str, Representation]) -> None:
        self.place = place
        self.name = name
        self.path = path
        self.representations = representations
        #: When it was last known to be true (monotonic seconds).
        self.checked = 0.0
        #: What to look at to know whether it still is: paths and what was there.
        self.seen: list[tuple[str, Identity]] = []
        #: Could it have changed since without showing it?
        self.settled = True
        #: Bytes of memory that it takes, and descriptors.
        self.cost = 4096 + sum(len(each.body) for each in representations.values())
        self.files = sum(each.file is not None for each in representations.values())
        self._offered = tuple(coding for coding in SIBLINGS if coding in representations)
        self._by_accept: dict[bytes | None, Representation] = {}

    def chosen(self, accept_encoding: bytes | None) -> Representation:
        """The one for a request with this field. What a peer refuses, the plain file included, is still better than
        nothing (RFC 9110 section 12.5.3)."""
        found = self._by_accept.get(accept_encoding)
        if found is None:
            coding = choose_coding(accept_encoding, self._offered) if self._offered else IDENTITY
            found = self.representations[coding or IDENTITY]
            if len(self._by_accept) < _MOST_ACCEPTS and len(accept_encoding or b"") < 200:
                self._by_accept[accept_encoding] = found
        return found

    @property
    def squeezable(self) -> bool:
        """Would compressed siblings be of use, and are there none?"""
        if not self.place.squeezed or self._offered or stored_coding(self.name):
            return False
        return compressible(_kind(self))

    @property
    def is_whole(self) -> bool:
        """Are files that are sent from the disk as they were when they were opened? Nothing else would show before the
        next look that one was written to in place: its length, and the tag that names what parts belong to."""
        return all(
            each.file is None or identity(os.fstat(each.file.fileno())) == identity(each.file.stat)
            for each in self.representations.values()
        )

    def is_true(self, now: float, *, reading: bool) -> bool:
        """Is all still as it was? Looks at the disk. See ``Source.path`` for ``reading``."""
        place = self.place
        if not self.settled:
            return False
        found = place.locate(self.name, now, reading=reading)
        if found is None or found[1] != self.path:
            return False
        if place.siblings and not stored_coding(self.name):
            for end in SIBLINGS.values():
                there = found[0].path(self.name + end, now, reading=reading) is not None
                if there != any(path == self.path + end for path, _ in self.seen):
                    return False
        return all(_identity_at(path) == known for path, known in self.seen)


def build(place: Place, name: str, now: float) -> Entry | None:
    """Read the file ``name`` of ``place``; None where it has none. Blocks. ``now`` is monotonic."""
    found = place.locate(name, now)
    if found is None:
        return None
    source, path = found
    file = source.open(name, path)
    if file is None:
        return None
    seen = [(path, identity(file.stat))]
    siblings = _siblings(place, source, name, path, file, now, seen)
    entry = Entry(place, name, path, _representations(place, name, file, siblings))
    entry.seen = seen
    entry.settled = all(map(is_settled, (file, *siblings.values())))
    entry.checked = now if entry.settled else now - place.interval
    return entry


def _representations(
    place: Place, name: str, file: OpenFile, siblings: dict[str, OpenFile]
) -> dict[str, Representation]:
    kind = content_type(name)
    helped = place.siblings and compressible(kind.partition(";")[0]) and not stored_coding(name)
    varies = bool(siblings) or helped
    modified = last_modified(file)
    basis = _headers(place, name, kind, file, modified, varies=varies)
    found = {IDENTITY: _of_file(file, IDENTITY, modified, basis)}
    for coding in SIBLINGS:
        body = place.kept.get((name, coding))
        if coding in siblings:
            found[coding] = _of_file(siblings[coding], coding, modified, basis)
        elif body is not None and body.made_of == identity(file.stat):
            found[coding] = _represented(body.data, file, coding, modified, basis)
    return found


def _siblings(
    place: Place, source: Source, name: str, path: str, file: OpenFile, now: float, seen: list[tuple[str, Identity]]
) -> dict[str, OpenFile]:
    found: dict[str, OpenFile] = {}
    if not place.siblings or stored_coding(name):
        return found
    for coding, end in SIBLINGS.items():
        if source.path(name + end, now) is None:
            continue
        sibling = source.open(name + end, path + end)
        if sibling is None:
            continue
        seen.append((path + end, identity(sibling.stat)))
        if is_current(sibling, coding, file):
            found[coding] = sibling
    return found


def last_modified(file: OpenFile) -> int:
    """RFC 9110 section 8.8.2.1: never later than now, whatever the file says; nor what no date can tell."""
    return min(max(0, file.stat.st_mtime_ns // 10**9), int(time.time()))


def _headers(place: Place, name: str, kind: str, file: OpenFile, modified: int, *, varies: bool) -> ResponseHeaders:
    headers = [("Content-Type", kind)]
    headers.append(("Last-Modified", http_date(modified).decode()))
    headers.append(("Cache-Control", _cache_control(place, name, file)))
    if varies:
        headers.append(("Vary", "Accept-Encoding"))
    headers.append(("Accept-Ranges", "bytes"))
    headers.append(("X-Content-Type-Options", "nosniff"))
    if coding := stored_coding(name):
        headers.append(("Content-Encoding", coding))
    if place.untrusted and not inert(kind.partition(";")[0]):
        headers.append(("Content-Security-Policy", SANDBOX))
    return headers


def _cache_control(place: Place, name: str, file: OpenFile) -> str:
    if not is_settled(file):
        return "no-cache"  # somebody may be in the middle of writing it
    return IMMUTABLE if place.immutable(name, file) else place.cache_control


def _of_file(file: OpenFile, coding: str, modified: int, basis: ResponseHeaders) -> Representation:
    body = file.read() if file.stat.st_size <= SMALL else None
    return _represented(body, file, coding, modified, basis)


def _represented(
    body: bytes | None, file: OpenFile, coding: str, modified: int, basis: ResponseHeaders
) -> Representation:
    """``body``, or all of ``file`` where that is None."""
    size = file.stat.st_size if body is None else len(body)
    mark = "" if coding == IDENTITY else f"-{coding}"
    if body is not None:
        # Builds that are the same each time give all files one time, whatever is in them.
        mark = f"-{blake2b(body, digest_size=6).hexdigest()}{mark}"
    etag = f'"{file.stat.st_mtime_ns:x}-{size:x}{mark}"'
    if not is_settled(file):
        etag = "W/" + etag  # RFC 9110 section 8.8.1: the file may change and keep it
    headers = [*basis, ("ETag", etag)]
    if coding != IDENTITY:
        headers.append(("Content-Encoding", coding))
    whole = prepare_file("200 OK", headers, file, 0, size) if body is None else prepare("200 OK", headers, body)
    # RFC 9110 section 15.4.5: what a 200 would have said to caches.
    told = [pair for pair in headers if pair[0] in ("Cache-Control", "ETag", "Vary")]
    return Representation(
        coding,
        size,
        Validators(etag.encode(), modified),
        headers,
        whole,
        prepare("304 Not Modified", told),
        body or b"",
        file if body is None else None,
    )


def _kind(entry: Entry) -> str:
    return dict(entry.representations[IDENTITY].headers)["Content-Type"].partition(";")[0]


def is_settled(file: OpenFile) -> bool:
    """Is it as it was when it was opened, and would a change since have shown?"""
    facts = os.fstat(file.fileno())
    return identity(facts) == identity(file.stat) and abs(time.time_ns() - facts.st_mtime_ns) > _TICK


def _identity_at(path: str) -> Identity | None:
    try:
        return identity(os.stat(path))
    except OSError:
        return None
