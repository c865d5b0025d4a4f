"""Is a compressed sibling that of its file as the file is now?

By their times it may seem so, and not be: whoever goes back to an older version of a file, and keeps its time
(``rsync -a``, ``tar``), has an old file beside the sibling of the newer one. So a sibling that was not put there after
its file is read, and compared.
"""

from __future__ import annotations

import contextlib
import importlib
import zlib
from typing import Any

from hendrix.answer.files.opening import OpenFile

#: Bytes of a file that is compared. We compress none that is larger, and who does so himself has made them together.
LARGEST = 32 * 1024 * 1024
#: zstd is Python's own from 3.14 on; ``brotlicffi`` is the brotli of Pythons other than CPython.
_MODULES = {"zstd": ("compression.zstd", "backports.zstd"), "br": ("brotlicffi", "brotli")}


def module_of(coding: str) -> Any:
    """What compresses and decompresses. Raises ``ImportError``."""
    for name in _MODULES[coding]:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise ImportError(coding)


def is_current(sibling: OpenFile, coding: str, file: OpenFile) -> bool:
    """Is it of use: made of ``file``, and smaller? Blocks."""
    its, facts = sibling.stat, file.stat
    if its.st_mtime_ns < facts.st_mtime_ns or not 0 < its.st_size < facts.st_size:
        return False
    return its.st_ctime_ns >= facts.st_ctime_ns or facts.st_size > LARGEST or _is_made_of(sibling, coding, file)


def _is_made_of(sibling: OpenFile, coding: str, file: OpenFile) -> bool:
    try:
        content = _decoded(sibling.read(), coding, file.stat.st_size)
    except ImportError:
        return True  # it is not of our making, then
    except Exception:
        return False  # each module has errors of its own for what is not in its coding
    return content == file.read()


def _decoded(data: bytes, coding: str, size: int) -> bytes:
    """Not much more than ``size`` bytes of it, where the module can be told so."""
    if coding == "gzip":
        return zlib.decompressobj(31).decompress(data, size + 1)
    return bytes(module_of(coding).decompress(data))
