"""Rendered files in their directory: all that differs is named before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hendrix.cli.deployment.rendered import Rendered
from hendrix.cli.units.placing import Placed, write
from hendrix.core.errors import HendrixError, UsageError
from hendrix.core.record import record

_SAID = {
    "written": "wrote",
    "to write": "would write",
    "same": "is there:",
    "yours": "is yours, and left:",
}


@record(frozen=True)
class Written:
    """What became of a file. ``state``: ``written``, ``to write`` (in a dry run), ``same`` or ``yours``."""

    path: str
    state: str

    @property
    def said(self) -> str:
        """The word before its path."""
        return _SAID[self.state]


def write_all(files: list[Rendered], folder: Path, *, force: bool, dry: bool) -> Iterator[Written]:
    """Write those that are not there. Raises ``UsageError`` where others are in their place, and ``HendrixError``
    where the directory cannot be written to."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no directory; give another --output")
    placed = [(each, Placed(str(folder / each.path), each.mode, each.content)) for each in files]
    for _, file in placed:
        _refuse_odd(file.path, folder)
    differing = [file.path for each, file in placed if _in_the_way(each, file)]
    if differing and not force:
        more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
        raise UsageError(f"{differing[0]}{more} is there and differs; give --force to overwrite, or another --output")
    for each, file in placed:
        yield Written(file.path, _settled(each, file, dry))


def _in_the_way(each: Rendered, file: Placed) -> bool:
    return os.path.lexists(file.path) and not (each.yours or file.is_there)


def _settled(each: Rendered, file: Placed, dry: bool) -> str:
    if file.is_there:
        return "same"
    if each.yours and os.path.lexists(file.path):
        return "yours"
    if dry:
        return "to write"
    try:
        write(file)
    except OSError as error:
        raise HendrixError(f"cannot write {file.path}: {(error.strerror or str(error)).lower()}") from None
    return "written"


def _refuse_odd(path: str, folder: Path) -> None:
    """A link would lead out of the directory, and a directory is no file."""
    place = Path(path)
    for each in (place, *place.parents):
        if each == folder:
            return
        if each.is_symlink() or (each.exists() and each.is_dir() is (each == place)):
            raise UsageError(f"{each} is no {'file' if each == place else 'directory'} of ours; move it away")
