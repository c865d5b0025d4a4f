"""Files that are at hand, within a bound of memory and of descriptors; the ones unused for longest go first."""

from __future__ import annotations

from hendrix.answer.files.entry import Entry

#: Larger files that are kept open.
_MOST_OPEN = 128


class Shelf:
    """Entries by the path that a request has."""

    def __init__(self, most: int) -> None:
        #: In the order in which they were last looked after, the longest ago in front.
        self.entries: dict[bytes, Entry] = {}
        self._most = most
        self.cost = 0
        self.files = 0

    def put(self, path: bytes, entry: Entry) -> None:
        """Keep it, if there is room for it at all."""
        self.drop(path)
        if entry.cost > self._most:
            return
        self.entries[path] = entry
        self.cost += entry.cost
        self.files += entry.files
        while self.cost > self._most or self.files > _MOST_OPEN:
            self.drop(next(iter(self.entries)))

    def renew(self, path: bytes, entry: Entry) -> None:
        """It was looked after: the others go before it."""
        if self.entries.get(path) is entry:
            self.entries[path] = self.entries.pop(path)

    def sweep(self, before: float) -> None:
        """Let go what nobody has looked after since ``before`` (monotonic seconds).

        A file that was deleted takes its room on the disk for as long as somebody has it open.
        """
        while self.entries:
            path, entry = next(iter(self.entries.items()))
            if entry.checked >= before:
                return
            self.drop(path)

    def drop(self, path: bytes) -> None:
        """Let it go; answers that are sending it have it still."""
        entry = self.entries.pop(path, None)
        if entry is not None:
            self.cost -= entry.cost
            self.files -= entry.files
