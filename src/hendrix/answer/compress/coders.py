"""What codes a body: gzip (RFC 1952), brotli (RFC 7932) and zstd (RFC 8878), each at its fastest worthwhile level.

On a page of 20 kB: zstd at level 3 takes 32 us, gzip at 1 takes 44 us and leaves 17 % more, brotli at 4 takes 125 us.
"""

from __future__ import annotations

import importlib
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any, Protocol

from hendrix.answer.compress.padding import brotli_metadata, gzip_header, padded_frame

#: zstd is Python's own from 3.14 on; ``brotlicffi`` is the brotli of Pythons other than CPython.
_MODULES = {"zstd": ("compression.zstd", "backports.zstd"), "br": ("brotlicffi", "brotli")}


class Coder(Protocol):
    """One coded body. All but the last of its results may be empty. Not to be called by two threads at once."""

    def feed(self, data: bytes | memoryview) -> bytes:
        """Take ``data``; return what there is of the coded body."""

    def flush(self) -> bytes:
        """The rest of what was fed, so that the peer can read it now."""

    def end(self) -> bytes:
        """The rest of the body."""

    def whole(self, data: bytes) -> bytes:
        """All of a body at once; nothing else is called then."""


#: Makes one with so many bytes of padding.
MakeCoder = Callable[[int], Coder]


class Gzip:
    """``window`` is the logarithm of what it looks back upon, ``memory`` zlib's memLevel."""

    def __init__(self, padding: int, *, window: int = 15, memory: int = 8) -> None:
        self._zlib = zlib.compressobj(1, zlib.DEFLATED, -window, memory)
        self._begin = gzip_header(padding)
        self._crc = self._size = 0

    def feed(self, data: bytes | memoryview) -> bytes:
        """See ``Coder.feed``."""
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        return self._begun(self._zlib.compress(data))

    def flush(self) -> bytes:
        """See ``Coder.flush``."""
        return self._begun(self._zlib.flush(zlib.Z_SYNC_FLUSH))

    def end(self) -> bytes:
        """See ``Coder.end``."""
        trailer = struct.pack("<II", self._crc, self._size & 0xFFFFFFFF)
        return self._begun(self._zlib.flush() + trailer)

    def whole(self, data: bytes) -> bytes:
        """See ``Coder.whole``."""
        return self.feed(data) + self.end()

    def _begun(self, data: bytes) -> bytes:
        if not (self._begin and data):
            return data
        begin, self._begin = self._begin, b""
        return begin + data


class Brotli:
    """``window`` is the logarithm of what it looks back upon."""

    def __init__(self, module: ModuleType, padding: int, *, window: int = 22) -> None:
        self._brotli: Any = module.Compressor(quality=4, lgwin=window)
        self._padding = padding

    def feed(self, data: bytes | memoryview) -> bytes:
        """See ``Coder.feed``."""
        coded: bytes = self._brotli.process(bytes(data))  # brotlicffi takes no memoryview
        return coded

    def flush(self) -> bytes:
        """See ``Coder.flush``."""
        padding, self._padding = self._padding, 0
        coded: bytes = self._brotli.flush()
        return coded + brotli_metadata(padding) if padding else coded

    def end(self) -> bytes:
        """See ``Coder.end``."""
        last = self.flush() if self._padding else b""
        coded: bytes = self._brotli.finish()
        return last + coded

    def whole(self, data: bytes) -> bytes:
        """See ``Coder.whole``."""
        return self.feed(data) + self.end()


class Zstd:
    """``compressor`` is one of ``compression.zstd``, which has no frame begun."""

    def __init__(self, compressor: Any, padding: int) -> None:
        self._zstd = compressor
        self._padding = padding

    def feed(self, data: bytes | memoryview) -> bytes:
        """See ``Coder.feed``."""
        return self._padded(self._zstd.compress(data))

    def flush(self) -> bytes:
        """See ``Coder.flush``."""
        return self._padded(self._zstd.flush(self._zstd.FLUSH_BLOCK))

    def end(self) -> bytes:
        """See ``Coder.end``."""
        return self._padded(self._zstd.flush())

    def whole(self, data: bytes) -> bytes:
        """See ``Coder.whole``. What knows the size from the first chooses its tables by it."""
        return self._padded(self._zstd.compress(data, self._zstd.FLUSH_FRAME))

    def _padded(self, coded: bytes) -> bytes:
        # The header comes whole, with the first that comes.
        if self._padding and coded:
            padding, self._padding = self._padding, 0
            return padded_frame(coded, padding)
        return coded


def missing(codings: Sequence[str]) -> list[str]:
    """Those of ``codings`` that cannot be made in this Python. The others are loaded now."""
    return [coding for coding in codings if coding != "gzip" and _module(coding) is None]


def advice(coding: str) -> str:
    """What to do about one that is missing."""
    return f"{coding} needs {_MODULES[coding][-1]}, which cannot be imported; answers are sent without it"


def for_bodies(coding: str) -> MakeCoder:
    """For bodies that are there as a whole."""
    if coding == "gzip":
        return Gzip
    module = _found(coding)
    if coding == "br":
        return partial(Brotli, module)
    return lambda padding: Zstd(_zstd(module), padding)


def for_small_bodies(coding: str) -> MakeCoder:
    """The same, for one thread, and for ``Coder.whole`` only."""
    if coding != "zstd":
        return for_bodies(coding)
    # Its tables cost as much to make as a small body does to code.
    kept = _zstd(_found(coding))
    return partial(Zstd, kept)


def for_streams(coding: str) -> MakeCoder:
    """For those that come in pieces, perhaps for hours: no more than 900 kB each."""
    if coding == "gzip":
        return Gzip
    module = _found(coding)
    if coding == "br":
        return partial(Brotli, module, window=16)
    return lambda padding: Zstd(_zstd(module, window_log=17, hash_log=14, chain_log=14), padding)


def for_events(_coding: str) -> MakeCoder:
    """For event streams, of which there may be thousands at once and each says little: 35 kB each."""
    return partial(Gzip, window=12, memory=5)


def _zstd(module: ModuleType, **options: int) -> Any:
    """RFC 9659: the window is never above 8 MB; that of level 3 is 2 MB."""
    names = module.CompressionParameter
    chosen = {names[name]: value for name, value in options.items()}
    return module.ZstdCompressor(options={names.compression_level: 3, **chosen})


def _found(coding: str) -> ModuleType:
    module = _module(coding)
    assert module is not None, coding
    return module


def _module(coding: str) -> ModuleType | None:
    for name in _MODULES[coding]:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None
