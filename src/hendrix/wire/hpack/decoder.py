"""From a field block to fields (RFC 7541 sections 3 and 6).

A block that names more than it may is decoded to its end all the same, or the tables of both sides would differ; what
is too much is only counted.
"""

from __future__ import annotations

from hendrix.wire.hpack.fault import HpackFault
from hendrix.wire.hpack.huffman import huffman_decode
from hendrix.wire.hpack.integers import decode_integer
from hendrix.wire.hpack.table import DEFAULT_SIZE, FIRST, OVERHEAD, STATIC, DynamicTable, Pair

_INDEXED, _ADDED, _RESIZED = 0x80, 0x40, 0x20
_HUFFMAN = 0x80
#: One size update for the smallest size meanwhile, and one for the last (section 4.2).
_MOST_UPDATES = 2


class Decoder:
    """Decodes what one peer sends. After a fault it is of no use any more."""

    __slots__ = ("_limit", "_table", "changes", "size")

    def __init__(self, limit: int = DEFAULT_SIZE) -> None:
        """``limit``: what we have said that the table may take (SETTINGS_HEADER_TABLE_SIZE)."""
        self._limit = limit
        self._table = DynamicTable(limit)
        #: How often the table has changed: as long as it has not, a block means what it meant before.
        self.changes = 0
        #: Of the fields of the last block, as section 4.1 and SETTINGS_MAX_HEADER_LIST_SIZE count.
        self.size = 0

    def decode(self, block: bytes, most: int) -> list[Pair]:
        """Its fields; where ``size`` is above ``most`` afterwards they are not all. Raises ``HpackFault``."""
        try:
            return self._fields(block, self._resized(block), most)
        except IndexError:
            raise HpackFault("a field block ends within a field") from None

    def _fields(self, block: bytes, at: int, most: int) -> list[Pair]:
        pairs: list[Pair] = []
        entry = self._table.entry
        size, end = 0, len(block)
        while at < end:
            first = block[at]
            if first > _INDEXED:
                at += 1
                if first < _INDEXED + FIRST:
                    pair = STATIC[first - _INDEXED]
                elif first < 0xFF:
                    pair = entry(first - _INDEXED)
                else:
                    index, at = decode_integer(block, at - 1, 0x7F)
                    pair = entry(index)
            elif first >= _ADDED:
                if first == _INDEXED:
                    raise HpackFault("the index 0 names nothing")
                pair, at = self._literal(block, at, 0x3F)
                self._table.add(pair)
                self.changes += 1
            elif first >= _RESIZED:
                raise HpackFault("a table is resized behind the beginning of a block")
            else:
                pair, at = self._literal(block, at, 0x0F)
            size += len(pair[0]) + len(pair[1]) + OVERHEAD
            if size <= most:
                pairs.append(pair)
        self.size = size
        return pairs

    def _literal(self, block: bytes, at: int, prefix: int) -> tuple[Pair, int]:
        """Section 6.2: a name by its index or as it is, and a value."""
        index = block[at] & prefix
        if not index:
            name, at = _string(block, at + 1)
        elif index < prefix and index < FIRST:
            name, at = STATIC[index][0], at + 1
        else:
            index, at = decode_integer(block, at, prefix)
            name = self._table.entry(index)[0]
        value, at = _string(block, at)
        return (name, value), at

    def _resized(self, block: bytes) -> int:
        """Sections 4.2 and 6.3: size updates, which stand at the beginning of a block only."""
        at = 0
        for _ in range(_MOST_UPDATES):
            if not block or block[at] & 0xE0 != _RESIZED:
                return at
            capacity, at = decode_integer(block, at, 0x1F)
            if capacity > self._limit:
                raise HpackFault("a table is made larger than it may be")
            self._table.resize(capacity)
            self.changes += 1
            if at == len(block):
                return at
        return at


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    """Section 5.2."""
    first = block[at]
    length = first & 0x7F
    if length < 0x7F:
        at += 1
    else:
        length, at = decode_integer(block, at, 0x7F)
    end = at + length
    if end > len(block):
        raise HpackFault("a field block ends within a string")
    data = block[at:end]
    return (huffman_decode(data) if first >= _HUFFMAN else data), end
