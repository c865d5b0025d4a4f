"""All files below a root given compressed siblings, at once as far as there are processors.

What was made is noted in a hidden file of the root, so that a sibling whose file has gone can go too, and no file is
tried again that did not get smaller.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from hendrix.answer.files.opening import open_file
from hendrix.answer.files.place import SIBLINGS
from hendrix.answer.files.sibling import LARGEST
from hendrix.answer.files.squeeze import SMALLEST, Coder, coders, squeeze, stored
from hendrix.answer.files.types import compressible, media_type

_NOTES = ".hendrix-compressed.json"
#: Size and time (nanoseconds) of a file.
State = list[int]


class Squeezing:
    """One pass over ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._coders = coders()
        #: What earlier passes made, and did not make, by the sibling's name: its state; that of its file.
        self._made, self._vain = self._read_notes()
        self.due = self.made = self.current = self.vain = self.removed = 0
        self.before = self.after = 0
        self.failed: dict[str, str] = {}

    def told(self) -> dict[str, object]:
        """What was done, for JSON."""
        return {
            "made": self.made,
            "current": self.current,
            "not_smaller": self.vain,
            "removed": self.removed,
            "bytes_before": self.before,
            "bytes_after": self.after,
            "failed": self.failed,
        }

    def run(self, threads: int) -> Iterator[int]:
        """Do it; gives the number of siblings done so far, again and again. The compressors run without the GIL."""
        self._remove_stale()
        todo = [(name, coding) for name in self._names() for coding in self._coders if self._is_due(name, coding)]
        self.due = len(todo)
        with ThreadPoolExecutor(max(1, threads)) as pool:
            jobs = {pool.submit(self._one, name, coding): (name, coding) for name, coding in todo}
            for done, job in enumerate(as_completed(jobs), 1):
                self._take(*jobs[job], job.exception() or job.result())
                yield done
        self._write_notes()

    # --- what there is to do -----------------------------------------------------------------------------------

    def _names(self) -> list[str]:
        """The largest first, so that none of them is alone at the end."""
        found: list[tuple[int, str]] = []
        for folder, folders, names in os.walk(self._root):
            folders[:] = [each for each in folders if not each.startswith(".")]
            for leaf in names:
                path = Path(folder, leaf)
                if leaf.startswith(".") or not compressible(media_type(leaf)):
                    continue
                with contextlib.suppress(OSError):
                    size = path.stat().st_size
                    if SMALLEST <= size <= LARGEST:
                        found.append((size, str(path.relative_to(self._root))))
        return [name for _size, name in sorted(found, reverse=True)]

    def _is_due(self, name: str, coding: str) -> bool:
        sibling = name + SIBLINGS[coding]
        state, its = self._state(name), self._state(sibling)
        if state is None or self._vain.get(sibling) == state:
            self.vain += state is not None
            return False
        if its is not None and its[1] >= state[1] and self._is_stored(name, coding):
            self.current += 1
            return False
        return True

    def _is_stored(self, name: str, coding: str) -> bool:
        path = str(self._root / name)
        file = open_file(path)
        return file is not None and stored(path, coding, file)

    def _one(self, name: str, coding: str) -> tuple[int, State, int | None]:
        state = self._state(name) or [0, 0]
        coder: Coder = self._coders[coding]
        return state[0], state, squeeze(str(self._root / name), coding, coder)

    def _take(self, name: str, coding: str, result: BaseException | tuple[int, State, int | None]) -> None:
        sibling = name + SIBLINGS[coding]
        if isinstance(result, BaseException):
            self.failed[sibling] = getattr(result, "strerror", None) or str(result)
            return
        before, state, size = result
        if not size:
            self.vain += 1
            if size == 0:
                self._vain[sibling] = state
            return
        self.made += 1
        self.before += before
        self.after += size
        self._vain.pop(sibling, None)
        if its := self._state(sibling):
            self._made[sibling] = its

    def _remove_stale(self) -> None:
        """Ours, as it was when we made it, and its file has gone or changed."""
        for sibling, state in list(self._made.items()):
            name = sibling.rpartition(".")[0]
            its, file = self._state(sibling), self._state(name)
            if its == state and (file is None or file[1] > state[1]):
                with contextlib.suppress(OSError):
                    (self._root / sibling).unlink()
                    self.removed += file is None
            if its != state or file is None:
                del self._made[sibling]
        self._vain = {
            sibling: state for sibling, state in self._vain.items() if self._state(sibling.rpartition(".")[0])
        }

    def _state(self, name: str) -> State | None:
        try:
            facts = (self._root / name).stat()
        except OSError:
            return None
        return [facts.st_size, facts.st_mtime_ns]

    # --- notes ---------------------------------------------------------------------------------------------------

    def _read_notes(self) -> tuple[dict[str, State], dict[str, State]]:
        """What cannot be read is as good as none: siblings that are there stay then."""
        try:
            notes = json.loads((self._root / _NOTES).read_text())
            return _clean(notes["made"]), _clean(notes["not_smaller"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}, {}

    def _write_notes(self) -> None:
        new = self._root / f"{_NOTES}.new"
        try:
            new.write_text(json.dumps({"made": self._made, "not_smaller": self._vain}, sort_keys=True))
            new.replace(self._root / _NOTES)
        except OSError as error:
            self.failed.setdefault(_NOTES, error.strerror or str(error))


def _clean(notes: dict[str, State]) -> dict[str, State]:
    """Names that stay below the root only: whoever wrote the notes, they say what is removed."""
    return {
        name: [int(part) for part in state]
        for name, state in notes.items()
        if not name.startswith("/") and ".." not in name.split("/") and name.endswith(tuple(SIBLINGS.values()))
    }
