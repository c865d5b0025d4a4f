"""What Twisted needs of memory to read a form, found out before it does.

Twisted reads a form into memory at once, by Python's parser of mail: fourteen times its size, and fifty times if it is
made of short lines.
"""

from __future__ import annotations

from io import SEEK_SET
from typing import BinaryIO

MULTIPART = b"multipart/form-data"
URLENCODED = b"application/x-www-form-urlencoded"

#: Bytes that one form may take. A file of 35 MB is within it, 10 MB of nothing but short lines are not.
MOST_MEMORY = 512 * 1024 * 1024
_BLOCK = 1024 * 1024
#: What Twisted takes for each byte, and for each place where a piece may begin (measured on CPython 3.11, rounded up).
_EACH_BYTE = {MULTIPART: 14, URLENCODED: 6}
_PLACES = {
    MULTIPART: ((b"\n", 80), (b"\r", 50), (b"\n--", 1500)),
    URLENCODED: ((b"&", 250), (b";", 250)),
}


def kind_of(content_type: bytes) -> bytes | None:
    """Which kind of form the value of ``Content-Type`` names; None: none that is read."""
    essence = content_type.partition(b";")[0].strip().lower()
    return essence if essence in _PLACES else None


def memory_for(content: BinaryIO, kind: bytes) -> int:
    """How many bytes it takes to read the form ``content``, at the most."""
    content.seek(0, SEEK_SET)
    total = 0
    while block := content.read(_BLOCK):
        total += len(block) * _EACH_BYTE[kind] + sum(block.count(sign) * each for sign, each in _PLACES[kind])
    return total
