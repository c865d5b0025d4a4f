"""Where the files of a place come from: one directory, or several in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hendrix.answer.files.opening import OpenFile, open_beneath, open_file
from hendrix.answer.files.table import FileTable, Unread


class Source(Protocol):
    """Blocks, but for ``surely_lacks``, and for ``path`` with ``reading=False``, which then may raise ``Unread``."""

    def path(self, name: str, now: float, *, reading: bool = True) -> str | None:
        """Where the file ``name`` is, as far as can be told without opening it."""

    def open(self, name: str, path: str) -> OpenFile | None:
        """Open what ``path`` has told of."""

    def surely_lacks(self, name: str, now: float) -> bool:
        """Is it certain, and known at once, that it has no such file?"""


class Tree:
    """A directory that whoever deploys has filled. What links in it point to was put there on purpose, as
    ``collectstatic --link`` does, and is served.

    Names begin with ``prefix`` before those of the directory. What it has below ``but`` (``uploads/``) is not for it.
    """

    def __init__(self, table: FileTable, prefix: str = "", but: str = "") -> None:
        self.table = table
        self._prefix = prefix
        self._but = but

    def path(self, name: str, now: float, *, reading: bool = True) -> str | None:
        if not name.startswith(self._prefix):
            return None
        name = name[len(self._prefix) :]
        if not name or (self._but and name.startswith(self._but)):
            return None
        return self.table.path(name) if self.table.has(name, now, reading=reading) else None

    def open(self, name: str, path: str) -> OpenFile | None:
        return open_file(path)

    def surely_lacks(self, name: str, now: float) -> bool:
        return not name.startswith(self._prefix) or self.table.surely_lacks(name[len(self._prefix) :], now)


class Uploads:
    """A directory that strangers fill by way of the project: no link in it is followed, unless ``links`` says so."""

    def __init__(self, root: str, *, links: bool) -> None:
        self.root = root
        self._links = links

    def path(self, name: str, now: float, *, reading: bool = True) -> str | None:
        return f"{self.root}/{name}"

    def open(self, name: str, path: str) -> OpenFile | None:
        return open_file(path) if self._links else open_beneath(self.root, name)

    def surely_lacks(self, name: str, now: float) -> bool:
        return False


class Search:
    """A finder of the project's own, about which nothing is known but what it finds."""

    def __init__(self, find: Callable[[str], str | None]) -> None:
        self._find = find

    def path(self, name: str, now: float, *, reading: bool = True) -> str | None:
        if not reading:
            raise Unread(name)
        return self._find(name)

    def open(self, name: str, path: str) -> OpenFile | None:
        return open_file(path)

    def surely_lacks(self, name: str, now: float) -> bool:
        return False
