"""Records in a file of fixed size that all workers of a machine have in memory: written in a circle, found by digest.

The newest record is at the *head*, the oldest at the *tail*; both only grow, and the place in the file is the position
modulo the size of the circle. To make room the tail moves on. What it passes is lost, unless it was used since it was
written: then it is written once more at the head (a second chance, which comes near to throwing away what was not used
longest). So there are no holes to manage, and the bytes are bounded exactly.

The *index* says of a digest where its record begins, and each position is used only once: who has kept a copy sees by
one word whether it is still what is stored. The index has sets of eight places; where a set is full, what was written
longest ago makes room.

**Writers** hold the file's lock, **readers** none. A reader copies the record and then looks whether the index still
has it there; a checksum tells what slipped through. A writer that is killed at any moment leaves bytes that nothing
points to, or a place of the index whose record does not fit it; both are as good as absent.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from hendrix.cache.mapped import WORD, Mapped

_MAGIC = 0x6C6F6748
#: Magic, checksum of what follows in the record, bytes in all, place in the index, position, digest, marks, length.
_HEADER = struct.Struct("=IIIIQQQI4x")
_ALIGN = 8
_WAYS = 8
#: Bytes of a record for which the index has a place: smaller ones on average compete for places.
_EXPECTED = 2048
#: Words of the file's state. ``ROOM`` is the size of the circle where there was less memory than wanted.
_HEAD, _TAIL, _ROOM, _RESERVED, _EVICTED = range(1, 6)
_STATE = 8 * WORD
#: Memory is taken from the system in pieces of this size, as it is first needed.
_STEP = 1 << 20
#: Digest, position, marks; and a byte: used?
_PER_PLACE = 3 * WORD + 1
SMALLEST = 1 << 16
#: Of the circle: the largest record.
_MOST = 4
#: Seconds.
_OPENING = 2.0


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it was read: where the index has it, its position, and its content."""

    place: int
    position: int
    payload: bytes


class Log:
    """``size`` bytes in all at ``path``. Raises ``OSError``."""

    def __init__(self, path: str, size: int) -> None:
        size = max(size, SMALLEST) // WORD * WORD
        self.places = max(_WAYS, 1 << (size // _EXPECTED).bit_length() - 1)
        self._base = (_STATE + self.places * _PER_PLACE + _ALIGN - 1) // _ALIGN * _ALIGN
        self.file = Mapped(path, size, self._base)
        words, first = self.file.words, _STATE // WORD
        self._digests = words[first : first + self.places]
        self.positions = words[first + self.places : first + 2 * self.places]
        self._marks = words[first + 2 * self.places : first + 3 * self.places]
        start = _STATE + 3 * self.places * WORD
        self.used = memoryview(self.file.bytes)[start : start + self.places]
        self._circle = size - self._base
        self._state = words[: _STATE // WORD]
        with self.file.lock(_OPENING) as held:
            head, tail = self._state[_HEAD], self._state[_TAIL]
            if held and not 0 < tail <= head <= tail + self._room:  # 0 is no position
                self._begin_anew(self._circle)

    # --- readers -------------------------------------------------------------------------------------------

    def read(self, digest: int) -> Found | None:
        """The record of ``digest``; to have read it counts as a use."""
        place = self._place_of(digest)
        if place is None:
            return None
        position = self.positions[place]
        payload = self.payload(digest, position)
        if payload is None or self.positions[place] != position:
            return None  # others have written meanwhile
        self.used[place] = 1
        return Found(place, position, payload)

    def marked(self, marks: int) -> list[tuple[int, int]]:
        """Digest and position of the records that have all bits of ``marks``, and perhaps of others."""
        columns = zip(self._marks.tolist(), self._digests.tolist(), self.positions.tolist(), strict=True)
        return [(digest, position) for mark, digest, position in columns if position and mark & marks == marks]

    def newest(self) -> Iterator[Found]:
        """All records, the newest first."""
        columns = zip(self.positions.tolist(), self._digests.tolist(), strict=True)
        for position, digest in sorted((pair for pair in columns if pair[0]), reverse=True):
            payload = self.payload(digest, position)
            if payload is not None:
                yield Found(-1, position, payload)

    @property
    def size(self) -> int:
        """Bytes that are in use."""
        return min(self._state[_HEAD] - self._state[_TAIL], self._room) + self._base

    @property
    def count(self) -> int:
        """Records that can be found."""
        return self.places - self.positions.tolist().count(0)

    @property
    def marked_count(self) -> int:
        """Those of them that have marks."""
        columns = zip(self.positions.tolist(), self._marks.tolist(), strict=True)
        return sum(1 for position, marks in columns if position and marks)

    @property
    def evicted(self) -> int:
        """Records that had to make room, since the file was made."""
        return self._state[_EVICTED]

    # --- writers, which hold the lock ------------------------------------------------------------------------

    def write(self, digest: int, payload: bytes, marks: int) -> Found | None:
        """Store it, in place of what is there. None: there is no room for it.

        What was used of that which the tail passes is written again, but at most as much as was to be written in the
        first place: so the work has a bound.
        """
        self.drop(digest)
        chances = need = _length(len(payload))
        if need > self._room // _MOST:
            return None
        waiting, written = deque([(digest, payload, marks)]), list[Found]()
        while waiting:
            digest, payload, marks = waiting.popleft()
            while not self._fits(need := _length(len(payload))):
                saved = self._pass_tail(chances)
                if saved is not None:
                    chances -= _length(len(saved[1]))
                    waiting.append(saved)
            if not self._reserve(need):
                break
            written.append(self._append(digest, payload, marks))
        return written[0] if written else None

    def drop(self, digest: int, position: int = 0) -> bool:
        """Forget the record of ``digest``; where a position is given only if it is still that one."""
        place = self._place_of(digest)
        if place is None or (position and self.positions[place] != position):
            return False
        self.positions[place] = 0
        return True

    # --- the index -----------------------------------------------------------------------------------------

    def _place_of(self, digest: int) -> int | None:
        first = digest % (self.places // _WAYS) * _WAYS
        digests, positions = self._digests, self.positions
        for place in range(first, first + _WAYS):
            if digests[place] == digest and positions[place]:
                return place
        return None

    def _place_for(self, digest: int) -> int:
        """A free one, or that of the oldest record in the set."""
        first = digest % (self.places // _WAYS) * _WAYS
        positions, used = self.positions, self.used
        place = min(
            range(first, first + _WAYS), key=lambda place: (positions[place] and used[place], positions[place])
        )
        if positions[place]:
            positions[place] = 0
            self._state[_EVICTED] += 1
        return place

    # --- the circle ----------------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        return self._state[_ROOM] or self._circle

    def _fits(self, need: int) -> bool:
        return self._start(need) + need - self._state[_TAIL] <= self._room

    def _start(self, need: int) -> int:
        """Where a record begins that fits without a break: at the head, or at the begin of the next round."""
        head, room = self._state[_HEAD], self._room
        left = room - head % room
        return head if need <= left else head + left

    def _append(self, digest: int, payload: bytes, marks: int) -> Found:
        need = _length(len(payload))
        position = self._start(need)
        at = self._base + position % self._room
        place = self._place_for(digest)
        self.file.bytes[at + _HEADER.size : at + _HEADER.size + len(payload)] = payload
        _HEADER.pack_into(
            self.file.bytes, at, _MAGIC, crc32(payload), need, place, position, digest, marks, len(payload)
        )
        self._state[_HEAD] = position + need
        # The position comes last: a place without one is free, whatever else is there.
        self._digests[place], self._marks[place], self.used[place] = digest, marks, 0
        self.positions[place] = position
        return Found(place, position, payload)

    def _pass_tail(self, chances: int) -> tuple[int, bytes, int] | None:
        """Let go of the oldest record; it is returned if it was used, and is no longer than ``chances``."""
        state = self._state
        position, room = state[_TAIL], self._room
        header = self._header(position)
        if header is None:  # the rest of the round: what came next did not fit there
            state[_TAIL] = min(position + room - position % room, state[_HEAD])
            return None
        _, need, place, digest, marks, _ = header
        saved = None
        if place < self.places and self.positions[place] == position:
            if self.used[place] and need <= chances:
                payload = self.payload(digest, position)
                saved = None if payload is None else (digest, payload, marks)
            self.positions[place] = 0
            state[_EVICTED] += saved is None
        state[_TAIL] = position + need
        return saved

    def _header(self, position: int) -> tuple[int, int, int, int, int, int] | None:
        """Checksum, bytes in all, place, digest, marks, length of the record there; None: there is none."""
        room = self._room
        at = position % room
        if at + _HEADER.size > room:
            return None
        magic, check, need, place, known, digest, marks, length = _HEADER.unpack_from(self.file.bytes, self._base + at)
        if magic != _MAGIC or known != position or need != _length(length) or at + need > room:
            return None
        return check, need, place, digest, marks, length

    def payload(self, digest: int, position: int) -> bytes | None:
        """What the record of ``digest`` at ``position`` says, if it is there and whole."""
        header = self._header(position)
        if header is None or header[3] != digest:
            return None
        at = self._base + position % self._room + _HEADER.size
        payload = self.file.bytes[at : at + header[5]]
        return payload if crc32(payload) == header[0] else None

    # --- memory --------------------------------------------------------------------------------------------

    def _reserve(self, need: int) -> bool:
        """Is there memory where the next record is to be? If the system has no more, go on with what there is."""
        state = self._state
        end, known = self._start(need) % self._room + need, state[_RESERVED]
        if end <= known:
            return True
        more = min(self._circle, (end + _STEP - 1) // _STEP * _STEP)
        if self.file.reserve(self._base + known, more - known):
            state[_RESERVED] = more
            return True
        self._begin_anew(known)
        return need <= known // _MOST

    def _begin_anew(self, room: int) -> None:
        """Empty, in a circle of this size."""
        self.positions[:] = memoryview(bytes(self.places * WORD)).cast("Q")
        state = self._state
        state[_ROOM] = max(room, _ALIGN)
        state[_HEAD] = state[_TAIL] = (state[_HEAD] // state[_ROOM] + 1) * state[_ROOM]


def _length(payload: int) -> int:
    """Bytes of a record."""
    return (_HEADER.size + payload + _ALIGN - 1) // _ALIGN * _ALIGN
