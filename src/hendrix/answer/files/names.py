"""Names of files in the paths of requests: whatever could mean something else than it seems names nothing.

What is refused here is not refused to the project: it is simply no file.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

_LONGEST = 2048
_DEEPEST = 64
#: RFC 3986 section 2.1: a per cent sign without two digits; an escaped slash, backslash or NUL.
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})|%(?:2[Ff]|5[Cc]|00)")
#: Control characters, and the slash of another system.
_BAD_CHARACTER = re.compile(r"[\x00-\x1f\x7f\\\u0080-\u009f]")
#: RFC 8615: the one name with a dot in front that is meant to be asked for.
_WELL_KNOWN = ".well-known"
#: As ``django.utils.encoding.filepath_to_uri`` writes them, and so the templates.
_SAFE = "/~!*()'"


def name_of(path: bytes) -> str | None:
    """The name, relative to a root and with ``/`` between its parts, that a path (still encoded) spells; or None."""
    if not path or len(path) > _LONGEST:
        return None
    if b"%" in path:
        if _BAD_ESCAPE.search(path):
            return None
        path = unquote_to_bytes(path)
    try:
        name = path.decode("utf-8")  # overlong forms and surrogates are no UTF-8
    except UnicodeDecodeError:
        return None
    if _BAD_CHARACTER.search(name):
        return None
    parts = name.split("/")
    return name if len(parts) <= _DEEPEST and all(map(_is_shown, parts)) else None


def path_of(name: str) -> bytes:
    """The reverse of ``name_of``, as pages usually spell it."""
    return quote(name, safe=_SAFE).encode("ascii")


def _is_shown(part: str) -> bool:
    """No empty part, no ``.`` or ``..``, no hidden file."""
    return bool(part) and (part[0] != "." or part == _WELL_KNOWN)
