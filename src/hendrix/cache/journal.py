"""The journal of purges, in a file that all workers of a server have in memory.

Whoever purges writes it down here first; everybody else sees that the generation has changed, which is one word to
read. The last purges are here in full, for who wants to apply them (``since``). For those who keep content for longer
than that, it is also known of each label when it was purged last (``verdict``). Both have a fixed size: what had to
be forgotten moves a *floor* up, and all that is older than the floor counts as purged. So the journal may say of an
answer that it is gone although nobody has purged it, and never the reverse.

A writer that is killed in the middle has not raised the generation, and its purge has not happened.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from hendrix.cache.mapped import WORD, Mapped
from hendrix.cache.purges import LONGEST, Purge, purge_all

#: What ``verdict`` says.
VALID, STALE, GONE = 0, 1, 2

_GENERATION, _HARD, _SOFT, _IDENTITY = 0, 1, 2, 3
#: Generations of the last purges that were for all, or of a label or prefix that was forgotten.
_FLOORS = (_HARD, _SOFT)
_HEAD = 8 * WORD
_LATEST = 1024
_SLOT = 1024
#: Of a slot: generation, soft and foreign as bits, length of kind, length of subject; then both.
_RECORD = struct.Struct("=QBBH")
_PREFIXES = 64
_PREFIX_SLOT = _RECORD.size + LONGEST + 16
_WAYS = 8
_SETS = 8192
#: A label: its digest, when it was purged last, and when softly.
_ROW = 3
_ROWS_AT = _HEAD + _LATEST * _SLOT
_PREFIXES_AT = _ROWS_AT + _SETS * _WAYS * _ROW * WORD
_SIZE = _PREFIXES_AT + _PREFIXES * _PREFIX_SLOT
#: Seconds that a purge waits for another one that is being written.
_PATIENCE = 2.0


class SharedJournal:
    """See ``cache.store.interface.Journal``. Raises ``OSError`` where the file is not to be had."""

    def __init__(self, path: str) -> None:
        self._file = Mapped(path, _SIZE, _SIZE)
        self._words = self._file.words
        self._prefixes: tuple[int, list[tuple[int, Purge]]] = (0, [])
        with self._file.lock(_PATIENCE):
            self._words[_IDENTITY] = self._words[_IDENTITY] or secrets.randbits(63) | 1

    @property
    def identity(self) -> int:
        """Of this journal, among those of all machines and of all times."""
        return self._words[_IDENTITY]

    @property
    def generation(self) -> int:
        """How many purges there have been."""
        return self._words[_GENERATION]

    def since(self, generation: int) -> Sequence[Purge] | None:
        """Those behind ``generation``, the oldest first. None: that is too long ago, take it as everything."""
        latest = self._words[_GENERATION]
        if not latest - _LATEST < generation <= latest:
            return None
        wanted = range(generation + 1, latest + 1)
        found = [self._read(_HEAD + number % _LATEST * _SLOT) for number in wanted]
        if [record and record[0] for record in found] != list(wanted):
            return None
        return [purge for _, purge in filter(None, found)]

    def note(self, purge: Purge) -> int:
        """Write it down; from now on the generation is the one returned, or above."""
        with self._file.lock(_PATIENCE) as held:
            while True:
                before = self._words[_GENERATION]
                # Where a process that was stopped holds the lock, this one goes without. Another may do so at the same
                # time: no two may take the same generation, and one left out has all taken as everything.
                generation = before + 1 if held else before + _LATEST + 1 + secrets.randbits(32)
                self._record(purge, generation)
                # Were we the one that was stopped? Then what is under way has later tickets than our generation.
                if self._words[_GENERATION] == before:
                    self._words[_GENERATION] = generation
                    return generation

    def verdict(self, labels: Iterable[bytes], place: bytes, ticket: int) -> int:
        """What has become, by purges since ``ticket``, of an answer with these labels that is at ``place``."""
        words = self._words
        if words[_GENERATION] == ticket:
            return VALID
        if words[_HARD] > ticket:
            return GONE
        found = STALE if words[_SOFT] > ticket else VALID
        for label in labels:
            hard, soft = self._of_label(label)
            if hard > ticket:
                return GONE
            if soft > ticket:
                found = STALE
        for generation, purge in self._known_prefixes():
            if generation > ticket and purge.touches((), place):
                if not purge.soft:
                    return GONE
                found = STALE
        return found

    def close(self) -> None:
        """The file stays."""
        self._file.close()

    def _record(self, purge: Purge, generation: int) -> None:
        self._write(_HEAD + generation % _LATEST * _SLOT, generation, purge, _SLOT)
        if purge.label is not None:
            self._note_label(purge.label, generation, soft=purge.soft)
        elif purge.subject:
            self._note_prefix(purge, generation)
        else:
            self._raise_floor(generation, soft=purge.soft)

    # --- labels --------------------------------------------------------------------------------------------

    def _of_label(self, label: bytes) -> tuple[int, int]:
        words, (digest, first) = self._words, _place(label)
        for row in range(first, first + _WAYS * _ROW, _ROW):
            if words[row] == digest:
                return words[row + 1], words[row + 2]
        return 0, 0

    def _note_label(self, label: bytes, generation: int, *, soft: bool) -> None:
        words, (digest, first) = self._words, _place(label)
        rows = range(first, first + _WAYS * _ROW, _ROW)
        row = next((row for row in rows if words[row] == digest), -1)
        if row < 0:
            row = min(rows, key=lambda row: max(words[row + 1], words[row + 2]))
            self._forget(words[row + 1], words[row + 2])
            words[row], words[row + 1], words[row + 2] = 0, 0, 0
            words[row] = digest
        words[row + 1 + soft] = generation

    def _forget(self, hard: int, soft: int) -> None:
        """What was purged then and is not known any more: whatever is older counts as purged."""
        self._raise_floor(hard, soft=False)
        self._raise_floor(soft, soft=True)

    def _raise_floor(self, generation: int, *, soft: bool) -> None:
        floor = _FLOORS[soft]
        self._words[floor] = max(self._words[floor], generation)

    # --- prefixes ------------------------------------------------------------------------------------------

    def _known_prefixes(self) -> list[tuple[int, Purge]]:
        latest = self._words[_GENERATION]
        if self._prefixes[0] != latest:
            slots = (self._read(_PREFIXES_AT + number * _PREFIX_SLOT) for number in range(_PREFIXES))
            self._prefixes = (latest, [found for found in slots if found])
        return self._prefixes[1]

    def _note_prefix(self, purge: Purge, generation: int) -> None:
        """At the place of the same one, or of the oldest."""
        slots = [_PREFIXES_AT + number * _PREFIX_SLOT for number in range(_PREFIXES)]
        found = [self._read(slot) or (0, purge_all()) for slot in slots]
        number = next((number for number, (_, known) in enumerate(found) if known == purge), -1)
        if number < 0:
            number = min(range(_PREFIXES), key=lambda number: found[number][0])
            self._raise_floor(found[number][0], soft=found[number][1].soft)
        self._write(slots[number], generation, purge, _PREFIX_SLOT)

    # --- records -------------------------------------------------------------------------------------------

    def _write(self, at: int, generation: int, purge: Purge, room: int) -> None:
        kind, subject = purge.kind.encode(), purge.subject
        if _RECORD.size + len(kind) + len(subject) > room:
            kind, subject = purge_all().kind.encode(), b""  # more than was meant, as it may be
        file, end = self._file.bytes, at + _RECORD.size + len(kind) + len(subject)
        _RECORD.pack_into(file, at, 0, 0, 0, 0)
        file[at + _RECORD.size : end] = kind + subject
        _RECORD.pack_into(file, at, generation, purge.soft | purge.foreign << 1, len(kind), len(subject))

    def _read(self, at: int) -> tuple[int, Purge] | None:
        file = self._file.bytes
        generation, flags, kind, subject = _RECORD.unpack_from(file, at)
        start = at + _RECORD.size
        text = file[start : start + kind + subject]
        if not generation or _RECORD.unpack_from(file, at) != (generation, flags, kind, subject):
            return None
        return generation, Purge(text[:kind].decode("latin-1"), text[kind:], bool(flags & 1), bool(flags & 2))


def _place(label: bytes) -> tuple[int, int]:
    """Its digest, and the first word of where it is in the table."""
    digest = int.from_bytes(blake2b(label, digest_size=WORD).digest(), "little") or 1
    return digest, _ROWS_AT // WORD + digest % _SETS * _WAYS * _ROW
