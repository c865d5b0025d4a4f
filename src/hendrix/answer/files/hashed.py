"""Names that hold the hash of their content: such a file never changes, another content has another name."""

from __future__ import annotations

import hashlib
import re

from hendrix.answer.files.opening import OpenFile, identity

#: Hexadecimal digits between two signs: shorter ones may be a date, and others are no hash that can be checked.
_HASH = re.compile(r"[.\-_]([0-9a-f]{8,128})(?=[.\-_])")
_ALGORITHMS = ("md5", "sha1", "sha256", "sha384", "sha512")
#: Larger files (bytes) are not read only for this.
_MOST = 16 * 1024 * 1024
#: What came of it, by name and state of the file: a large one takes a fifth of a second.
_judged: dict[tuple[str, tuple[int, int, int, int]], bool] = {}
_REMEMBERED = 10_000


def is_named_by_content(name: str, file: OpenFile) -> bool:
    """Is it certain? Reads the file if its name makes it worth while.

    That is so for Django's manifest storage, and for webpack where it is told to use such a hash. Tools with hashes of
    their own kind (Vite, Rollup) cannot be checked; ``--static-immutable`` says how theirs look.
    """
    found = _HASH.findall(name.rpartition("/")[2])
    if not found or file.stat.st_size > _MOST:
        return False
    state = (name, identity(file.stat))
    known = _judged.get(state)
    if known is None:
        data = file.read()
        known = any(_is_hash(digits, data) for digits in found)
        if len(_judged) < _REMEMBERED:
            _judged[state] = known
    return known


def _is_hash(digits: str, data: bytes) -> bool:
    return any(hashlib.new(name, data, usedforsecurity=False).hexdigest().startswith(digits) for name in _ALGORITHMS)
