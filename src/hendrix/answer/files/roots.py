"""Where ``X-Sendfile`` and ``X-Accel-Redirect`` lead: to a name below one of the directories that may be sent from.

Only words are judged here; what is there in the end, links included, is for ``opening.open_beneath``.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Sequence
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import unquote_to_bytes

from hendrix.core.record import record

_LONGEST = 4096
#: RFC 3986 section 2.1: a per cent sign without two digits; an escaped slash or NUL.
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})|%(?:2[Ff]|00)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Astray(Exception):
    """What a view has named is not below any root, or cannot be a name at all; ``status`` is what to answer."""

    def __init__(self, reason: str, status: int = 404) -> None:
        super().__init__(reason)
        self.status = status


@record(frozen=True)
class Named:
    """``name``, with ``/`` between its parts and no ``..`` among them, below ``directory``."""

    directory: str
    name: str


@record(frozen=True)
class Root:
    """One directory (absolute) and the paths (``/protected/``; or none) by which ``X-Accel-Redirect`` names it."""

    prefix: str
    directory: str


class Roots:
    """All directories that may be sent from."""

    def __init__(self, given: Sequence[str]) -> None:
        """``given`` are ``/dir`` or ``/prefix/=/dir`` (``core.values.sendfile_root``)."""
        self.all = [_root(each) for each in given]
        # A view may know a directory by its name or by what that is a link to.
        pairs = {(name, root.directory) for root in self.all for name in _names(root.directory)}
        self._by_path = sorted(pairs, key=lambda pair: -len(pair[0]))
        prefixes = [(root.prefix, root.directory) for root in self.all if root.prefix]
        self._by_uri = sorted(prefixes, key=lambda pair: -len(pair[0]))

    def of_path(self, value: str) -> Named:
        """The file that ``X-Sendfile`` names: an absolute path, as it is. Raises ``Astray``."""
        return _below(_text(_bytes(value)), self._by_path)

    def of_uri(self, value: str) -> Named:
        """The file that ``X-Accel-Redirect`` names: a path of this server, percent-encoded. Raises ``Astray``."""
        data = _bytes(value).partition(b"?")[0]
        if _BAD_ESCAPE.search(data):
            raise Astray("holds a bad escape")
        return _below(_text(unquote_to_bytes(data)), self._by_uri)


def _root(given: str) -> Root:
    prefix, equals, directory = given.partition("=/")
    return Root(prefix, "/" + directory) if equals else Root("", given)


def _names(directory: str) -> set[str]:
    return {directory + "/", os.path.realpath(directory) + "/"}


def _below(path: str, known: list[tuple[str, str]]) -> Named:
    if len(path) > _LONGEST or _CONTROL.search(path):
        raise Astray("is no path")
    if ".." in path.split("/"):
        raise Astray("leads upwards")
    for begin, directory in known:
        if path.startswith(begin):
            parts = [part for part in path[len(begin) :].split("/") if part not in ("", ".")]
            if not parts or path.endswith("/"):
                raise Astray("names no file")
            return Named(directory, "/".join(parts))
    raise Astray("is below no --sendfile-root", 500)


def _text(data: bytes) -> str:
    """Headers are latin-1 to Python; what was put there may have been UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _bytes(value: str) -> bytes:
    """Django writes what is not latin-1 as an encoded word (RFC 2047)."""
    if not (value.startswith("=?utf-8?") and value.endswith("?=")):
        return value.encode("latin-1", "replace")
    try:
        return b"".join(part for part, _charset in decode_header(value) if isinstance(part, bytes))
    except (ValueError, HeaderParseError) as error:
        raise Astray("is no path") from error
