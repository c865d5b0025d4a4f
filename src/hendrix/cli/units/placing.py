"""Files of a service in their place: written whole or not at all, and only where what is there is ours."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from hendrix.core.errors import HendrixError
from hendrix.core.record import record

#: The first line of what we have made; the second says from what.
MARK = "Made by hx service install; hx service uninstall removes it."


@record(frozen=True)
class Placed:
    """A file to be."""

    path: str
    mode: int
    content: str

    @property
    def is_there(self) -> bool:
        """Just so?"""
        try:
            found = Path(self.path)
            return found.read_text(encoding="utf-8") == self.content and found.stat().st_mode & 0o777 == self.mode
        except (OSError, UnicodeDecodeError):
            return False


def place(files: Iterable[Placed]) -> Iterator[str]:
    """Write those that are not as they should be; gives the path of each. Raises ``HendrixError``."""
    files = list(files)
    for each in files:
        refuse_strange(each.path)
    for each in files:
        if each.is_there:
            continue
        try:
            write(each)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise HendrixError(f"cannot write {each.path}: {reason}; run it as root") from None
        yield each.path


def remove(paths: Iterable[str]) -> Iterator[str]:
    """Remove those that are there; gives the path of each. Raises ``HendrixError``."""
    paths = [path for path in paths if os.path.lexists(path)]
    for path in paths:
        refuse_strange(path)
    for path in paths:
        try:
            os.unlink(path)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise HendrixError(f"cannot remove {path}: {reason}; run it as root") from None
        yield path


def is_ours(path: str) -> bool:
    """Is something there, and have we made it? Raises ``HendrixError`` where that is not to be seen."""
    try:
        return not os.path.islink(path) and MARK in Path(path).read_text(encoding="utf-8")[:300]
    except PermissionError:
        raise HendrixError(f"{path} cannot be read: permission denied; run it as root") from None
    except (OSError, UnicodeDecodeError):
        return False


def refuse_strange(path: str) -> None:
    """Raises ``HendrixError`` where something is there that we have not made."""
    if os.path.lexists(path) and not is_ours(path):
        raise HendrixError(f"{path} is there and was not made by hx; move it away, or give the service another name")


def write(file: Placed) -> None:
    """Whole or not at all. Raises ``OSError``."""
    folder = os.path.dirname(file.path)
    os.makedirs(folder, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".hx-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(file.content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, file.mode)
        os.replace(temporary, file.path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
