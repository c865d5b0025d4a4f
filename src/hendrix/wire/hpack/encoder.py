"""From fields to a field block, on one connection (RFC 7541 sections 2.3.2, 4 and 6).

Whoever encodes chooses what the peer is to remember. A field is added to the table when it has been sent before, on
any connection: what is different each time (a nonce, an ETag) never is, and pushes nothing else out.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from hendrix.wire.hpack.integers import encode_integer
from hendrix.wire.hpack.table import DEFAULT_SIZE, FIRST, OVERHEAD

#: More of what a peer offers is not taken: it would be memory for each connection.
_MOST = DEFAULT_SIZE
#: An index into the dynamic table as section 6.1 writes it, by its distance from the newest, from 1.
_INDEXED = tuple(encode_integer(FIRST - 1 + distance, 7, 0x80) for distance in range(_MOST // OVERHEAD + 2))


class Field(Protocol):
    """A field in the forms that it may take. ``added`` is empty where the peer is not to remember it."""

    plain: bytes
    added: bytes
    #: What it takes in a table (section 4.1).
    size: int


class Encoder:
    """Encodes what is sent to one peer."""

    __slots__ = ("_capacity", "_count", "_known", "_least", "_order", "_size", "_told")

    def __init__(self) -> None:
        self._capacity = _MOST
        self._size = 0
        #: Entries added so far, those that are still there by the number they were, and in their order.
        self._count = 0
        self._known: dict[Field, int] = {}
        self._order: deque[Field] = deque()
        #: What the peer believes of the size; the least size since then.
        self._told = self._least = _MOST

    def limit(self, size: int) -> None:
        """The peer's SETTINGS_HEADER_TABLE_SIZE is ``size`` (section 4.2)."""
        self._capacity = min(size, _MOST)
        self._least = min(self._least, self._capacity)
        self._shrink(self._capacity)

    def begin(self) -> bytes:
        """What a block has to begin with: mostly nothing."""
        if self._least == self._capacity == self._told:
            return b""
        update = encode_integer(self._least, 5, 0x20) if self._least < min(self._told, self._capacity) else b""
        if update or self._capacity != self._told:
            update += encode_integer(self._capacity, 5, 0x20)
        self._told = self._least = self._capacity
        return update

    def encode(self, field: Field) -> bytes:
        """``field`` in its shortest form on this connection."""
        number = self._known.get(field)
        if number is not None:
            return _INDEXED[self._count - number]
        if field.added and field.size <= self._capacity:
            self._shrink(self._capacity - field.size)
            self._known[field] = self._count
            self._order.append(field)
            self._count += 1
            self._size += field.size
            return field.added
        return field.plain

    def _shrink(self, most: int) -> None:
        while self._size > most:
            field = self._order.popleft()
            del self._known[field]
            self._size -= field.size
