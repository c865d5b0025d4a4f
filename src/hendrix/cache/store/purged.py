"""Of each label and prefix: when it was purged last. In a file that all workers have in memory, beside their content.

The journal has only the latest purges. Content that is kept for longer, and by all workers together, is not searched
at each purge; instead whoever looks at an answer asks here what has become of it since its ticket. What the journal
has that is not here yet is entered first, by whoever comes first.

The table has a fixed size: what had to be forgotten moves a *floor* up, and all that is older than the floor counts as
purged. So an answer may be taken for gone although nobody has purged it, and never the reverse. Who is killed while
entering leaves it to the next, who enters the same once more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from hashlib import blake2b

from hendrix.cache.mapped import WORD, Mapped
from hendrix.cache.purge import LONGEST, Purge, purge_all
from hendrix.cache.store.interface import Journal

#: What ``verdict`` says.
VALID, STALE, GONE = 0, 1, 2

#: Words: the generation of the journal up to which all is entered; and of the floors.
_ENTERED, _HARD, _SOFT = 0, 1, 2
_FLOORS = (_HARD, _SOFT)
_HEAD = 8 * WORD
#: A prefix: generation, soft?, length of kind, length of subject; then both.
_RECORD = struct.Struct("=QBBH")
_PREFIXES = 64
_PREFIX_SLOT = _RECORD.size + LONGEST + 16
#: A label: its digest, when it was purged last, and when softly.
_ROW = 3
_WAYS = 8
_SETS = 8192
_PREFIXES_AT = _HEAD + _SETS * _WAYS * _ROW * WORD
_SIZE = _PREFIXES_AT + _PREFIXES * _PREFIX_SLOT


class Purged:
    """What of ``journal`` is known for longer, in the file at ``path``. Raises ``OSError``."""

    def __init__(self, path: str, journal: Journal) -> None:
        self._file = Mapped(path, _SIZE, _SIZE)
        self._words, self._journal = self._file.words, journal
        self._prefixes: tuple[int, list[tuple[int, Purge]]] = (0, [])

    @property
    def of_another(self) -> bool:
        """Was this written by a journal that began before the one we have?"""
        return self._words[_ENTERED] > self._journal.generation

    def forget(self) -> None:
        """Begin anew, with all that was stored so far gone."""
        with self._file.lock():
            self._file.bytes[:] = bytes(_SIZE)

    def verdict(self, labels: Iterable[bytes], place: bytes, ticket: int) -> int:
        """What has become, by purges since ``ticket``, of an answer with these labels that is at ``place``."""
        if self._journal.generation == ticket:
            return VALID
        if not self.enter():
            return GONE  # as far as we know
        words = self._words
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

    def enter(self) -> bool:
        """Have all of the journal here. False where the lock was not to be had."""
        if self._words[_ENTERED] == self._journal.generation:
            return True
        with self._file.lock() as held:
            if held:
                self._enter_since(self._words[_ENTERED])
            return held

    def close(self) -> None:
        """The file stays."""
        self._file.close()

    # --- entering ------------------------------------------------------------------------------------------

    def _enter_since(self, generation: int) -> None:
        latest = self._journal.generation
        purges = self._journal.since(generation)
        if purges is None:
            self._raise_floor(latest, soft=False)
        else:
            latest = generation + len(purges)
            for number, purge in enumerate(purges, generation + 1):
                self._enter_one(purge, number)
        self._words[_ENTERED] = latest

    def _enter_one(self, purge: Purge, generation: int) -> None:
        if purge.label is not None:
            self._enter_label(purge.label, generation, soft=purge.soft)
        elif purge.subject:
            self._enter_prefix(purge, generation)
        else:
            self._raise_floor(generation, soft=purge.soft)

    # --- labels --------------------------------------------------------------------------------------------

    def _of_label(self, label: bytes) -> tuple[int, int]:
        words, (digest, first) = self._words, _place(label)
        for row in range(first, first + _WAYS * _ROW, _ROW):
            if words[row] == digest:
                return words[row + 1], words[row + 2]
        return 0, 0

    def _enter_label(self, label: bytes, generation: int, *, soft: bool) -> None:
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
        latest = self._words[_ENTERED]
        if self._prefixes[0] != latest:
            slots = (self._read(_PREFIXES_AT + number * _PREFIX_SLOT) for number in range(_PREFIXES))
            self._prefixes = (latest, [found for found in slots if found])
        return self._prefixes[1]

    def _enter_prefix(self, purge: Purge, generation: int) -> None:
        """At the place of the same one, or of the oldest."""
        slots = [_PREFIXES_AT + number * _PREFIX_SLOT for number in range(_PREFIXES)]
        found = [self._read(slot) or (0, purge_all()) for slot in slots]
        number = next((number for number, (_, known) in enumerate(found) if known == purge), -1)
        if number < 0:
            number = min(range(_PREFIXES), key=lambda number: found[number][0])
            self._raise_floor(found[number][0], soft=found[number][1].soft)
        self._write(slots[number], generation, purge)

    # --- records -------------------------------------------------------------------------------------------

    def _write(self, at: int, generation: int, purge: Purge) -> None:
        kind, subject = purge.kind.encode(), purge.subject
        if _RECORD.size + len(kind) + len(subject) > _PREFIX_SLOT:
            kind, subject = purge_all().kind.encode(), b""  # more than was meant, as it may be
        file, end = self._file.bytes, at + _RECORD.size + len(kind) + len(subject)
        _RECORD.pack_into(file, at, 0, 0, 0, 0)
        file[at + _RECORD.size : end] = kind + subject
        _RECORD.pack_into(file, at, generation, purge.soft, len(kind), len(subject))

    def _read(self, at: int) -> tuple[int, Purge] | None:
        file = self._file.bytes
        generation, soft, kind, subject = _RECORD.unpack_from(file, at)
        start = at + _RECORD.size
        text = file[start : start + kind + subject]
        if not generation or _RECORD.unpack_from(file, at) != (generation, soft, kind, subject):
            return None
        return generation, Purge(text[:kind].decode("latin-1"), text[kind:], bool(soft))


def _place(label: bytes) -> tuple[int, int]:
    """Its digest, and the first word of where it is in the table."""
    digest = int.from_bytes(blake2b(label, digest_size=WORD).digest(), "little") or 1
    return digest, _HEAD // WORD + digest % _SETS * _WAYS * _ROW
