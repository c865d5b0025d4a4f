"""Integers with a prefix (RFC 7541 section 5.1)."""

from __future__ import annotations

from hendrix.wire.hpack.fault import HpackFault

#: Bytes behind the prefix: enough for 28 bits, and more than any string or table may have.
_LONGEST = 4


def encode_integer(value: int, bits: int, first: int = 0) -> bytes:
    """``value`` behind the ``8 - bits`` high bits of ``first``."""
    most = (1 << bits) - 1
    if value < most:
        return bytes((first | value,))
    out = bytearray((first | most,))
    value -= most
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode_integer(data: bytes, at: int, most: int) -> tuple[int, int]:
    """The integer whose prefix, of which ``most`` is the mask, is the byte at ``at``; and where it ends.

    Raises ``HpackFault``, or ``IndexError`` where the data ends before it.
    """
    value = data[at] & most
    at += 1
    if value < most:
        return value, at
    shift = 0
    for _ in range(_LONGEST):
        byte = data[at]
        at += 1
        value += (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise HpackFault("an integer is too large")
