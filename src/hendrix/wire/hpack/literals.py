"""Fields in forms that know of no connection: by the static table, or as they are (RFC 7541 section 6)."""

from __future__ import annotations

from hendrix.wire.hpack.huffman import huffman_encode, huffman_size
from hendrix.wire.hpack.integers import encode_integer
from hendrix.wire.hpack.table import STATIC_NAMES, STATIC_PAIRS

#: Section 6.2: what is done with a literal, the bits that say so, and how many are left for the index of its name.
PLAIN, NEVER, ADDED = (0x00, 4), (0x10, 4), (0x40, 6)


def encode_string(data: bytes) -> bytes:
    """As short as it gets; slow (see ``huffman_encode``)."""
    size = huffman_size(data)
    if size < len(data):
        return encode_integer(size, 7, 0x80) + huffman_encode(data)
    return encode_integer(len(data), 7) + data


def raw_string(data: bytes) -> bytes:
    """As it is."""
    return (bytes((len(data),)) if len(data) < 127 else encode_integer(len(data), 7)) + data


def encode_name(name: bytes, how: tuple[int, int] = PLAIN) -> bytes:
    """The beginning of a literal, up to its value."""
    first, bits = how
    index = STATIC_NAMES.get(name)
    if index is not None:
        return encode_integer(index, bits, first)
    return bytes((first,)) + encode_string(name)


def encode_literal(name: bytes, value: bytes, how: tuple[int, int] = PLAIN) -> bytes:
    """A literal field, as short as it gets."""
    return encode_name(name, how) + encode_string(value)


def indexed(name: bytes, value: bytes) -> bytes:
    """The field by its index in the static table; empty where it has none."""
    index = STATIC_PAIRS.get((name, value))
    return b"" if index is None or not value else bytes((0x80 | index,))


def encode_fixed(name: bytes, value: bytes) -> bytes:
    """The shortest form of a field that every connection understands in the same way."""
    return indexed(name, value) or encode_literal(name, value)
