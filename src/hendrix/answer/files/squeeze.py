"""Compressed siblings of a file, made once and so as small as can be: brotli 11, zstd 19, gzip 9."""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Callable

from hendrix.answer.files.opening import OpenFile, identity, open_file
from hendrix.answer.files.place import SIBLINGS
from hendrix.answer.files.sibling import LARGEST, is_current, module_of

#: Files (bytes) that are worth it: below, the head is most of an answer; above ``LARGEST``, it would take minutes.
SMALLEST = 256
#: What a sibling may be of its file, to be worth the trouble of the peer.
_WORTH = 0.95
#: Seconds after which a file that was being written was left behind by somebody.
_ABANDONED = 600

Coder = Callable[[bytes], bytes]


def coders() -> dict[str, Coder]:
    """How to compress, by coding, as far as the modules are there."""
    found: dict[str, Coder] = {}
    for coding in SIBLINGS:
        with contextlib.suppress(ImportError):
            found[coding] = _coder(coding)
    return found


def squeezed(file: OpenFile, coder: Coder) -> bytes | None:
    """The content of ``file`` compressed, or None where that helps nothing. Takes long, mostly without the GIL."""
    data = file.read()
    made = coder(data)
    return made if len(made) < _WORTH * len(data) else None


def store(path: str, coding: str, data: bytes, made_of: os.stat_result) -> bool:
    """Put ``data`` beside the file at ``path`` in one step, with the file's own rights and time.

    False where the file has changed since, or another is doing the same. Raises ``OSError``.
    """
    place = path + SIBLINGS[coding]
    folder, leaf = os.path.split(place)
    new = os.path.join(folder, f".{leaf}.new")
    fd = _open_new(new, made_of.st_mode & 0o666)
    if fd is None:
        return False
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(data)
            with contextlib.suppress(OSError):
                os.fchown(fd, made_of.st_uid, made_of.st_gid)
            os.fchmod(fd, made_of.st_mode & 0o666)  # whatever the umask of who runs this says
        os.utime(new, ns=(made_of.st_atime_ns, made_of.st_mtime_ns))
        if identity(os.stat(path)) != identity(made_of):
            os.unlink(new)
            return False
        os.replace(new, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise
    return True


def stored(path: str, coding: str, file: OpenFile) -> bool:
    """Is there one beside ``file``, the one at ``path``, that is of use?"""
    sibling = open_file(path + SIBLINGS[coding])
    return sibling is not None and is_current(sibling, coding, file)


def squeeze(path: str, coding: str, coder: Coder) -> int | None:
    """Make one sibling of the file at ``path``. Raises ``OSError``.

    Its size; 0 where it is not worth it, None where it is not to be made.
    """
    file = open_file(path)
    if file is None or not SMALLEST <= file.stat.st_size <= LARGEST:
        return None
    made = squeezed(file, coder)
    if made is None:
        return 0
    return len(made) if store(path, coding, made, file.stat) else None


def _open_new(path: str, mode: int) -> int | None:
    """Who makes the file has the work; None where that is another."""
    for _ in range(2):
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        except FileExistsError:
            with contextlib.suppress(OSError):
                if time.time() - os.lstat(path).st_mtime < _ABANDONED:
                    return None
                os.unlink(path)
    return None


def _coder(coding: str) -> Coder:
    if coding == "gzip":
        return _gzip
    module = module_of(coding)
    if coding == "zstd":
        return lambda data: bytes(module.compress(data, level=19))
    return lambda data: bytes(module.compress(data, quality=11))


def _gzip(data: bytes) -> bytes:
    """The same from the same content: no time and no name in it."""
    made = zlib.compressobj(9, zlib.DEFLATED, 31, 9)
    return made.compress(data) + made.flush()
