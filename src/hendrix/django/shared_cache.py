"""``SharedCache``: Django's cache in memory, one for all processes of the machine."""

from __future__ import annotations

import math
import os
import pickle
import struct
import time
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any

import lmdb
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.exceptions import ImproperlyConfigured

from hendrix.core import values
from hendrix.core.events import WARNING, emit
from hendrix.core.under_test import under_test
from hendrix.django.shared_file import SharedFile, opened, place

#: When it expires, then the pickled value.
_WHEN = struct.Struct("=d")
_DIGEST = 16
_SIZE = "256MB"
_SMALLEST = 1 << 20
#: Of the file: what live pages may take, so that there is room for a transaction; the largest value.
_FULL = 0.7
_LARGEST = 8
#: Entries that one call makes go at the most, or looks at.
_MOST = 10_000
_GLANCE = 500
_PAGES = ("branch", "leaf", "overflow")


class SharedCache(BaseCache):  # type: ignore[misc]
    """See the module's text.

    ``LOCATION`` is a name or an absolute path, ``OPTIONS["SIZE"]`` the most memory that it takes (256MB). Everything
    else is as with ``LocMemCache``, but for what goes first when there are too many: what has expired, then anything.
    """

    pickle_protocol = pickle.HIGHEST_PROTOCOL

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = params.get("OPTIONS", {})
        said = options.get("SIZE", params.get("SIZE", _SIZE))
        try:
            self._size = said if isinstance(said, int) else values.size(str(said))
        except ValueError as error:
            raise ImproperlyConfigured(f"SIZE of a SharedCache: {error}") from error
        if self._size < _SMALLEST:
            raise ImproperlyConfigured(f"SIZE of a SharedCache: {said} is less than 1MB")
        self._folder = place(str(location or ""))

    @property
    def _file(self) -> SharedFile:
        if not under_test():
            return opened(self._folder, self._size)
        from hendrix.django.shared_file_of_tests import folder_of_tests  # noqa: PLC0415 - tests only

        return opened(folder_of_tests(self._folder), self._size)

    # --- what Django asks for ------------------------------------------------------------------------------

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """See ``BaseCache.get``."""
        digest = self._digest(key, version)
        return _value(self._file.read(lambda txn: txn.get(digest)), default)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """See ``BaseCache.get_many``: all of them as they were at one moment."""
        digests = {key: self._digest(key, version) for key in keys}
        found = self._file.read(lambda txn: {key: txn.get(digest) for key, digest in digests.items()})
        missing = object()
        values = {key: _value(record, missing) for key, record in found.items()}
        return {key: value for key, value in values.items() if value is not missing}

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """See ``BaseCache.has_key``."""
        digest = self._digest(key, version)
        return _is_live(self._file.read(lambda txn: txn.get(digest)))

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """See ``BaseCache.set``."""
        self._put({self._digest(key, version): self._record(value, timeout)})

    def set_many(self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> list[Any]:
        """See ``BaseCache.set_many``: all of them at one moment."""
        self._put({self._digest(key, version): self._record(value, timeout) for key, value in data.items()})
        return []

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """See ``BaseCache.add``: of many processes one gets True."""
        digest, record = self._digest(key, version), self._record(value, timeout)

        def work(txn: Any, table: Any) -> bool:
            return not _is_live(txn.get(digest)) and self._store(txn, table, digest, record)

        return bool(self._write(work))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """See ``BaseCache.touch``."""
        digest, when = self._digest(key, version), _WHEN.pack(self._expiry(timeout))

        def work(txn: Any, table: Any) -> bool:
            record = txn.get(digest)
            return _is_live(record) and self._store(txn, table, digest, when + record[_WHEN.size :])

        return bool(self._write(work))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> Any:
        """See ``BaseCache.incr``: none is lost, whoever else counts."""
        digest = self._digest(key, version)
        missing = object()

        def work(txn: Any, table: Any) -> Any:
            record = txn.get(digest)
            value = _value(record, missing)
            if value is missing:
                raise ValueError(f"Key '{key}' not found")
            new = value + delta
            self._store(txn, table, digest, record[: _WHEN.size] + pickle.dumps(new, self.pickle_protocol))
            return new

        return self._write(work)

    def delete(self, key: Any, version: int | None = None) -> bool:
        """See ``BaseCache.delete``."""
        digest = self._digest(key, version)

        def work(txn: Any, table: Any) -> bool:
            was = _is_live(txn.get(digest))
            txn.delete(digest)
            return was

        return bool(self._write(work))

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        """See ``BaseCache.delete_many``."""
        digests = [self._digest(key, version) for key in keys]
        self._write(lambda txn, table: [txn.delete(digest) for digest in digests])

    def clear(self) -> None:
        """See ``BaseCache.clear``."""
        self._write(lambda txn, table: txn.drop(table, delete=False))

    # A read waits for nobody and takes a few microseconds: going into a thread for it would take twenty times that.

    async def aget(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """See ``BaseCache.aget``."""
        return self.get(key, default, version)

    async def aget_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """See ``BaseCache.aget_many``."""
        return self.get_many(keys, version)

    async def ahas_key(self, key: Any, version: int | None = None) -> bool:
        """See ``BaseCache.ahas_key``."""
        return self.has_key(key, version)

    # --- records -------------------------------------------------------------------------------------------

    def _digest(self, key: Any, version: int | None) -> bytes:
        return blake2b(self.make_and_validate_key(key, version=version).encode(), digest_size=_DIGEST).digest()

    def _record(self, value: Any, timeout: Any) -> bytes:
        return _WHEN.pack(self._expiry(timeout)) + pickle.dumps(value, self.pickle_protocol)

    def _expiry(self, timeout: Any) -> float:
        expiry = self.get_backend_timeout(timeout)
        return math.inf if expiry is None else float(expiry)

    def _put(self, records: dict[bytes, bytes]) -> None:
        self._write(lambda txn, table: [self._store(txn, table, digest, record) for digest, record in records.items()])

    def _write(self, work: Any) -> Any:
        file = self._file
        try:
            return file.write(work)
        except lmdb.MapFullError as error:
            emit("shared_cache.full", WARNING, folder=self._folder, reason=str(error))
        file.start_anew()
        return file.write(work)

    def _store(self, txn: Any, table: Any, digest: bytes, record: bytes) -> bool:
        if len(record) > self._size // _LARGEST:
            emit("shared_cache.too_large", WARNING, folder=self._folder, bytes=len(record))
            txn.delete(digest)
            return False
        self._make_room(txn, table, digest)
        return bool(txn.put(digest, record))

    def _make_room(self, txn: Any, table: Any, digest: bytes) -> None:
        facts = txn.stat(table)
        count = facts["entries"]
        if count >= self._max_entries and txn.get(digest) is None:
            if self._cull_frequency == 0:
                txn.drop(table, delete=False)
            elif not _expire(txn):
                _cull(txn, count // self._cull_frequency)
        elif facts["psize"] * sum(facts[f"{kind}_pages"] for kind in _PAGES) > self._size * _FULL:
            _cull(txn, count // 4)


def _expire(txn: Any) -> int:
    """Look at some, wherever; take away those that have expired."""
    return _sweep(txn, _GLANCE, lambda record: not _is_live(record))


def _cull(txn: Any, count: int) -> None:
    """Take some away, wherever: digests are evenly spread."""
    _sweep(txn, min(max(count, 1), _MOST), lambda record: True)


def _sweep(txn: Any, most: int, goes: Callable[[bytes], bool]) -> int:
    """From a random place on, around the end once."""
    gone = 0
    with txn.cursor() as cursor:
        found = cursor.set_range(os.urandom(_DIGEST)) or cursor.first()
        for _ in range(most):
            if not found:
                break
            if goes(cursor.value()):
                cursor.delete()  # stands at the next one then
                gone += 1
                found = bool(cursor.key()) or cursor.first()
            else:
                found = cursor.next() or cursor.first()
    return gone


def _is_live(record: bytes | None) -> bool:
    return record is not None and _WHEN.unpack_from(record)[0] > time.time()


def _value(record: bytes | None, default: Any) -> Any:
    """What was stored. What this code cannot read (older code has stored it) is as good as absent."""
    if not _is_live(record):
        return default
    assert record is not None
    try:
        return pickle.loads(memoryview(record)[_WHEN.size :])  # noqa: S301 - of this user alone
    except Exception:
        return default
