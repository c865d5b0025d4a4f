"""The names of all files below a root, known before anybody asks.

Read once before the workers are forked, so that they share it. Kept true by the times of the directories: each is
looked at once in a while when somebody asks for something in it, and read again if anything was added to it, removed
from it or renamed. So a name that is not there costs no search, and one that has come is found.
"""

from __future__ import annotations

import os
import time
from math import inf

#: Nanoseconds by which the time of a directory may be behind the clock: what changes within is not seen in it.
_TICK = 50_000_000
#: A link to a directory above is good for another name of it (``v2 -> .``), but not for names within names.
_ROUNDS = 2


#: Device, inode and time (nanoseconds) of a directory: another may have taken its name, and have its time.
_State = tuple[int, int, int]


def _state(facts: os.stat_result) -> _State:
    return facts.st_dev, facts.st_ino, facts.st_mtime_ns


class _Folder:
    __slots__ = ("checked", "files", "folders", "place", "state")

    def __init__(
        self, files: frozenset[str], folders: frozenset[str], state: _State, checked: float, *, settled: bool
    ) -> None:
        self.files = files
        self.folders = folders
        #: Device and inode.
        self.place = state[:2]
        #: As it was when it was read; None where it may have changed without showing it.
        self.state = state if settled else None
        #: When it was last looked at (monotonic seconds).
        self.checked = checked


class Unread(Exception):
    """A directory has changed, and who asked does not want to wait until it has been read."""


class FileTable:
    """Names below ``root``. A directory is looked at again after ``interval`` seconds."""

    def __init__(self, root: str, interval: float) -> None:
        self.root = root
        self._interval = interval
        self._folders: dict[str, _Folder] = {}

    def __len__(self) -> int:
        return sum(len(folder.files) for folder in self._folders.values())

    def read(self) -> FileTable:
        """Read all of it, links to directories included; one that leads back is not followed twice."""
        waiting, seen = [""], set[tuple[int, int]]()
        while waiting:
            name = waiting.pop()
            try:
                facts = os.stat(self.path(name))
            except OSError:
                continue
            if (facts.st_dev, facts.st_ino) in seen:
                continue
            seen.add((facts.st_dev, facts.st_ino))
            folder = self._read_folder(name, -inf)
            if folder is not None:
                waiting += [f"{name}/{each}" if name else each for each in folder.folders]
        return self

    def has(self, name: str, now: float, *, reading: bool = True) -> bool:
        """Is there a file of this name? ``now`` is monotonic.

        May ask the disk for the times of directories. Where one must be read: does so, or raises ``Unread``.
        """
        above, _, leaf = name.rpartition("/")
        folder = self._current(above, now, reading)
        return folder is not None and leaf in folder.files

    def surely_lacks(self, name: str, now: float) -> bool:
        """Is it certain, without asking the disk anything, that there is none?"""
        above, _, leaf = name.rpartition("/")
        folder = self._folders.get(above)
        return folder is not None and now - folder.checked < self._interval and leaf not in folder.files

    def path(self, name: str) -> str:
        """Where a file of this name would be."""
        return f"{self.root}/{name}" if name else self.root

    def _current(self, name: str, now: float, reading: bool) -> _Folder | None:
        folder = self._folders.get(name)
        if folder is not None:
            return folder if now - folder.checked < self._interval else self._look(name, folder, now, reading)
        if name:
            # Only if the one above knows of it: asking for what is not there must not read directories.
            above, _, leaf = name.rpartition("/")
            parent = self._current(above, now, reading)
            if parent is None or leaf not in parent.folders:
                return None
        if not reading:
            raise Unread(name)
        return self._read_folder(name, now)

    def _look(self, name: str, folder: _Folder, now: float, reading: bool) -> _Folder | None:
        try:
            state = _state(os.stat(self.path(name)))
        except OSError:
            self._folders.pop(name, None)
            return None
        if state == folder.state:
            folder.checked = now
            return folder
        if not reading:
            raise Unread(name)
        return self._read_folder(name, now)

    def _read_folder(self, name: str, now: float) -> _Folder | None:
        files: list[str] = []
        folders: list[str] = []
        try:
            began = time.time_ns()
            state = _state(os.stat(self.path(name)))
            if self._goes_round(name, state):
                self._folders.pop(name, None)
                return None
            with os.scandir(self.path(name)) as entries:
                for entry in entries:
                    if entry.name[0] == "." and entry.name != ".well-known":
                        continue
                    (folders if entry.is_dir() else files).append(entry.name)
        except OSError:
            self._folders.pop(name, None)
            return None
        settled = began - state[2] > _TICK
        folder = self._folders[name] = _Folder(frozenset(files), frozenset(folders), state, now, settled=settled)
        return folder

    def _goes_round(self, name: str, state: _State) -> bool:
        """Is it where the way to it has been twice already?

        Links that lead back have no end of names, and whoever asks for them all would fill the memory.
        """
        times = 0
        while name and times < _ROUNDS:
            name = name.rpartition("/")[0]
            folder = self._folders.get(name)
            times += folder is not None and folder.place == state[:2]
        return times >= _ROUNDS
