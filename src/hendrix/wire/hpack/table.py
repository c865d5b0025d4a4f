"""The tables that indices point to (RFC 7541 section 2.3): the static one, and the one of a connection."""

from __future__ import annotations

from collections import deque

from hendrix.wire.hpack.fault import HpackFault

Pair = tuple[bytes, bytes]

#: Section 4.1: what an entry takes beside its bytes.
OVERHEAD = 32
#: RFC 9113 section 6.5.2: the size of a table as long as nobody has said another.
DEFAULT_SIZE = 4096

#: Appendix A, from 1.
_STATIC = """\
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate
"""


def _pair(line: bytes) -> Pair:
    name, _, value = line.partition(b" ")
    return name, value


STATIC: tuple[Pair, ...] = ((b"", b""), *map(_pair, _STATIC.encode().splitlines()))
#: The first index of the dynamic table.
FIRST = len(STATIC)
STATIC_PAIRS: dict[Pair, int] = {pair: index for index, pair in enumerate(STATIC) if index}
STATIC_NAMES: dict[bytes, int] = {name: index for index, (name, _value) in reversed(list(enumerate(STATIC))) if index}


class DynamicTable:
    """Entries by the index that they have now; the oldest are given up for new ones (section 4.4)."""

    __slots__ = ("_entries", "_size", "capacity")

    def __init__(self, capacity: int = DEFAULT_SIZE) -> None:
        #: The newest first.
        self._entries: deque[Pair] = deque()
        self._size = 0
        self.capacity = capacity

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, index: int) -> Pair:
        """The entry at ``index``, of the static table too. Raises ``HpackFault`` (section 2.3.3)."""
        if 0 < index < FIRST:
            return STATIC[index]
        if index and index - FIRST < len(self._entries):
            return self._entries[index - FIRST]
        raise HpackFault(f"there is no entry {index}")

    def add(self, pair: Pair) -> None:
        """A new entry; one larger than the table leaves it empty."""
        size = len(pair[0]) + len(pair[1]) + OVERHEAD
        self._shrink(self.capacity - size)
        if size <= self.capacity:
            self._entries.appendleft(pair)
            self._size += size

    def resize(self, capacity: int) -> None:
        """Section 4.3."""
        self.capacity = capacity
        self._shrink(capacity)

    def _shrink(self, most: int) -> None:
        while self._size > most and self._entries:
            name, value = self._entries.pop()
            self._size -= len(name) + len(value) + OVERHEAD
