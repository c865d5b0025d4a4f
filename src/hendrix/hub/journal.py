"""What the relay has confirmed, in memory that outlives it: the supervisor holds the same pages.

Records are written one behind the other, round and round. Before the oldest is written over, it is looked at: what is
still wanted is written again at the front, so that a topic in which little is said does not lose its history to one in
which much is. A record counts once the head has moved past it, which is one word in memory; so whenever the process is
killed, what was confirmed is there, and whole. (It is not for machines that lose power: nor are the subscribers.)

    0        8      16     24     40          56         64                                              size
    | magic  | tail | head | name | forgotten | reserved | ... free ... | tail: records ... head | ... free ... |

A record may be found twice, where the process was killed while it was written again. The first 16 bytes of a record
say when it was new: what they were in the last one that was written over is remembered, too.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from mmap import mmap

_MAGIC = b"hxhub\0\0\1"
_START = 64
_WORD = struct.Struct("<Q")
_HEAD = struct.Struct("<II")
_PAD = 0xFFFFFFFF
_FORGOTTEN = slice(40, 56)


class Journal:
    """Records of bytes in ``memory``. ``wanted`` says of a record that is about to be written over if it is kept."""

    def __init__(self, memory: mmap | bytearray, wanted: Callable[[bytes], bool]) -> None:
        self._memory = memory
        self._wanted = wanted
        self._size = len(memory)
        self._length = self._size - _START
        self._spare = 2 * self.largest + 3 * _HEAD.size
        self._tail = self._head = _START
        if bytes(memory[:8]) == _MAGIC:
            tail, head = self._word(8), self._word(16)
            if _START <= tail <= self._size and _START <= head <= self._size:
                self._tail, self._head = tail, head
        self._note()
        memory[:8] = _MAGIC
        #: Up to where not all is here: the greatest beginning of a record that is gone, or what ``forget`` was told.
        self.forgotten = bytes(memory[_FORGOTTEN])

    def name(self, chance: bytes) -> str:
        """The same for all that use this memory one after the other: what the first had of ``chance``, 16 bytes."""
        if not any(self._memory[24:40]):
            self._memory[24:40] = chance
        return bytes(self._memory[24:40]).hex()

    @property
    def largest(self) -> int:
        """Bytes of the largest record that is taken."""
        return (self._size - _START) // 8 - _HEAD.size

    def forget(self, beginning: bytes) -> None:
        """Up to there, by the first 16 bytes of a record, not everything is here."""
        mark = beginning[:16].ljust(16, b"\0")
        if mark > self.forgotten:
            self._memory[_FORGOTTEN] = self.forgotten = mark

    def append(self, record: bytes) -> None:
        """Write it down; what must go for that goes. Raises ``ValueError`` where it is too large."""
        if len(record) > self.largest:
            raise ValueError(f"a record of {len(record)} bytes in a journal of {self._size}")
        # Enough for the largest one to be written again before its place is free, be it cut by the end of the memory.
        need = len(record) + self._spare
        if (self._tail - self._head - 1) % self._length < need:
            self._clear(need)
        self._write(record)

    def _clear(self, need: int) -> None:
        budget = self._size
        while (self._tail - self._head - 1) % self._length < need:
            budget -= self._make_room(save=budget > 0)

    def records(self) -> Iterator[bytes]:
        """All of them, oldest first; up to the first one that is damaged."""
        at = self._tail
        while at != self._head:
            record, at = self._read(at)
            if record is None:
                return
            if record:
                yield record

    def _make_room(self, *, save: bool) -> int:
        """Forget the oldest, or move it to the front; returns how many bytes it had."""
        record, after = self._read(self._tail)
        if record and save and self._wanted(record):
            self._write(record)
        elif record:
            self.forget(record)
        length = (after - self._tail) % self._length if record is not None else self._size
        # Nothing behind a damaged one can be found.
        self._tail = self._head if record is None else after
        _WORD.pack_into(self._memory, 8, self._tail)
        return length

    def _write(self, record: bytes) -> None:
        size = len(record) + _HEAD.size
        if self._size - self._head <= size:
            if self._size - self._head >= _HEAD.size:
                self._memory[self._head : self._head + _HEAD.size] = _HEAD.pack(_PAD, 0)
            self._head = _START
        at = self._head
        _HEAD.pack_into(self._memory, at, len(record), zlib.crc32(record))
        self._head = at + size
        self._memory[at + _HEAD.size : at + size] = record
        _WORD.pack_into(self._memory, 16, self._head)

    def _read(self, at: int) -> tuple[bytes | None, int]:
        """The record there, and where the next is: empty where only the memory ends, ``None`` where it is damaged."""
        if self._size - at < _HEAD.size:
            return b"", _START
        length, check = _HEAD.unpack_from(self._memory, at)
        if length == _PAD:
            return b"", _START
        start = at + _HEAD.size
        if start + length > self._size:
            return None, at
        record = bytes(self._memory[start : start + length])
        return (record, start + length) if zlib.crc32(record) == check else (None, at)

    def _note(self) -> None:
        self._memory[8:16] = _WORD.pack(self._tail)
        self._memory[16:24] = _WORD.pack(self._head)

    def _word(self, at: int) -> int:
        return int(_WORD.unpack(self._memory[at : at + 8])[0])
