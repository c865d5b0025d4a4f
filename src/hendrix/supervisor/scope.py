"""Which files matter, and how they look just now.

Besides whole names there are *trees*, ``DIRECTORY/**/PATTERN``: every file below the directory whose name matches,
as in ``/srv/shop/templates/**/*``. A root is the tree ``ROOT/**/*.py``. What lies in hidden directories, in
``node_modules`` or in a virtual environment is in no tree, and neither is what editors leave behind.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from hendrix.core.events import WARNING, emit
from hendrix.supervisor.noise import is_noise, is_skipped

MOST_DIRECTORIES = 20_000
"""In one tree. Who starts a server in / or at home should not pay for it all day; the nearest are looked at first."""
_TREE = re.compile(r"(.*?)/\*\*/([^/]+)", re.DOTALL)
_ENVIRONMENT = "pyvenv.cfg"
_too_large: set[str] = set()


class Look(NamedTuple):
    """What ``stat`` says: if it is the same, so is the content."""

    size: int
    modified: int
    changed: int
    inode: int
    regular: bool


@dataclass(slots=True)
class View:
    """What was seen in one look: files that are there, and the directories in which others would appear."""

    files: dict[str, Look] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)


class Scope:
    """``files`` (whole names and trees) and ``roots``, as in ``control.Watch``."""

    def __init__(self, files: Iterable[str] = (), roots: Iterable[str] = ()) -> None:
        self._trees: defaultdict[str, set[str]] = defaultdict(set)
        self._files: set[str] = set()
        for name in files:
            if not os.path.isabs(name):
                continue  # relative to what?
            if tree := _TREE.fullmatch(name):
                self._trees[os.path.normpath(tree[1] or "/")].add(tree[2])
            else:
                self._files.add(os.path.normpath(name))
        for root in roots:
            self._trees[os.path.normpath(root)].add("*.py")
        self._anything = _any_of(pattern for patterns in self._trees.values() for pattern in patterns)

    def look(self) -> View:
        """Look at everything."""
        view = View()
        for name in self._files:
            _see(view, name)
            view.directories.add(_nearest(os.path.dirname(name)))
        walked: set[str] = set()
        for directory in sorted(self._trees):  # parents before what is below them
            if directory not in walked:
                self._walk(directory, view, walked)
        return view

    def may_matter(self, path: str) -> bool:
        """Whether an event at ``path`` is worth a look, as far as its name tells."""
        if path in self._files:
            return True
        name = os.path.basename(path)
        if not is_noise(name) and self._anything.fullmatch(name):
            return True
        return not is_skipped(name) and os.path.isdir(path)

    def _walk(self, top: str, view: View, walked: set[str]) -> None:
        if not os.path.isdir(top):
            view.directories.add(_nearest(top))
            return
        waiting = deque([(top, frozenset[str]())])
        for _ in range(MOST_DIRECTORIES):
            if not waiting:
                return
            path, patterns = waiting.popleft()
            if path in self._trees:
                walked.add(path)
                patterns |= self._trees[path]
            waiting += [(below, patterns) for below in _scan(path, patterns, view, top)]
        if top not in _too_large:
            _too_large.add(top)
            advice = "what is deeper is looked at only if it was imported; keep data out of the project's directory"
            emit("watch.too_large", WARNING, directory=top, limit=MOST_DIRECTORIES, advice=advice)


def _scan(path: str, patterns: frozenset[str], view: View, top: str) -> list[str]:
    """The files of one directory are added to ``view``; returns the directories below it."""
    try:
        with os.scandir(path) as found:
            entries = list(found)
    except OSError:
        return []
    if path != top and any(entry.name == _ENVIRONMENT for entry in entries):
        return []
    view.directories.add(path)
    below: list[str] = []
    matches = _any_of(patterns).fullmatch
    for entry in entries:
        # Links to directories are not followed: they lead in circles, or out of the project.
        if entry.is_dir(follow_symlinks=False):
            if not is_skipped(entry.name):
                below.append(entry.path)
        elif matches(entry.name) and not is_noise(entry.name):
            _see(view, entry.path)
    return below


def _see(view: View, path: str) -> None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return
    if not stat.S_ISDIR(found.st_mode):
        regular = stat.S_ISREG(found.st_mode)
        view.files[path] = Look(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, regular)


def _nearest(directory: str) -> str:
    """The directory, or what is there of the way to it: where it would appear."""
    while not os.path.isdir(directory) and directory != (above := os.path.dirname(directory)):
        directory = above
    return directory


_compiled: dict[frozenset[str], re.Pattern[str]] = {}


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Names that match one of the patterns of a shell."""
    key = frozenset(patterns)
    if key not in _compiled:
        _compiled[key] = re.compile("|".join(map(fnmatch.translate, sorted(key))) or r"(?!)")
    return _compiled[key]
