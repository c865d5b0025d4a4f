"""A file that all processes of a user on this machine have in memory: keys of 16 bytes, transactions, no server.

LMDB holds it. Readers wait for nobody; one writer at a time, and where that is killed the next one goes on with what
was complete. The file is in memory (``/dev/shm``) where no absolute path is named, and it is its user's alone: what is
in it is pickled, and whoever could write it could run code.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import lmdb
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

#: Transactions that may read at the same time, in all processes.
_READERS = 2048
#: Seconds between looks whether the file is still the one at its path.
_LOOK = 1.0
_MEMORY = "/dev/shm"  # noqa: S108 - a directory of ours in it


class SharedFile:
    """The file in ``folder``, of ``size`` bytes at the most. One for each process; see ``opened``."""

    def __init__(self, folder: str, size: int) -> None:
        self.folder, self.size = folder, size
        self._data = os.path.join(folder, "data.mdb")
        self._env, self._inode = self._open()
        self._looked = time.monotonic()

    def read(self, work: Callable[[Any], T]) -> T:
        """``work(transaction)``. Waits for nobody."""
        with _reading:
            try:
                with self.env.begin() as transaction:
                    return work(transaction)
            except lmdb.ReadersFullError:
                self._env.reader_check()  # those of processes that were killed
                with self._env.begin() as transaction:
                    return work(transaction)

    def write(self, work: Callable[[Any, Any], T]) -> T:
        """``work(transaction, table)``, all of it or, if it raises, nothing; nobody else writes meanwhile.

        Raises ``lmdb.MapFullError`` where there is no room, in the file or on its device.
        """
        with _writing:
            env = self.env
            try:
                with env.begin(write=True) as transaction:
                    return work(transaction, env.open_db(None, txn=transaction))
            except lmdb.DiskError as error:
                raise lmdb.MapFullError(str(error)) from error

    def close(self) -> None:
        """In a forked process: let go of what is the parent's."""
        self._env.close()

    @property
    def env(self) -> Any:
        """LMDB's environment, of the file that is at the path now: somebody may have removed the one that was."""
        now = time.monotonic()
        if now - self._looked > _LOOK:
            self._looked = now
            if self._inode != _inode(self._data):
                # Who still uses the old one keeps it until the end of the transaction.
                self._env, self._inode = self._open()
        return self._env

    def start_anew(self) -> None:
        """Nothing fits, not even what would make room: others find the new file within a second."""
        with _opening(self.folder):
            self._remove()
        self._env, self._inode = self._open()

    def _open(self) -> tuple[Any, int]:
        _make_private(self.folder)
        with _opening(self.folder):
            try:
                env = self._opened()
            except (lmdb.InvalidError, lmdb.CorruptedError, lmdb.VersionMismatchError):
                self._remove()
                env = self._opened()
            except (lmdb.Error, OSError) as error:
                raise ImproperlyConfigured(f"the cache file in {self.folder} cannot be opened: {error}") from error
            env.reader_check()
            return env, _inode(self._data)

    def _opened(self) -> Any:
        # A cache need not survive the machine: nothing is ever waited for. What a killed process left is complete.
        return lmdb.open(
            self.folder,
            map_size=self.size,
            max_readers=_READERS,
            mode=0o600,
            sync=False,
            metasync=False,
            readahead=False,
            max_spare_txns=0,
        )

    def _remove(self) -> None:
        for name in ("data.mdb", "lock.mdb"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.folder, name))


_lock = threading.Lock()
#: While a process forks, none of its threads has a transaction under way: a child that lets go of what it inherited
#: would end its parent's. Threads of one process could not read at the same time anyway.
_reading, _writing = threading.Lock(), threading.Lock()
_files: dict[str, SharedFile] = {}


def opened(folder: str, size: int) -> SharedFile:
    """The file in ``folder``, which a process must not open twice."""
    file = _files.get(folder)
    if file is None:
        with _lock:
            file = _files.get(folder)
            if file is None:
                file = _files[folder] = SharedFile(folder, size)
    return file


def _before_fork() -> None:
    _lock.acquire()
    _writing.acquire()
    _reading.acquire()


def _after_fork() -> None:
    _reading.release()
    _writing.release()
    _lock.release()


def _begin_anew() -> None:
    """In the process that was forked."""
    _after_fork()
    for file in _files.values():
        file.close()
    _files.clear()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_begin_anew)


def place(location: str) -> str:
    """The directory for a cache's ``LOCATION``: a path, or a name; without one, one for this project's settings."""
    if os.path.isabs(location):
        return location
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in location) or _of_project()
    return os.path.join(above(), f"cache-{name}")


def above() -> str:
    """The directory of this user's, in memory where that can be."""
    home = _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else tempfile.gettempdir()
    return os.path.join(home, f"hendrix-{os.geteuid()}")


def _of_project() -> str:
    module = getattr(settings, "SETTINGS_MODULE", None) or ""
    file = getattr(sys.modules.get(module), "__file__", None) or os.getcwd()
    digest = hashlib.blake2b(os.path.realpath(file).encode(), digest_size=6).hexdigest()
    return f"{module}-{digest}" if module else digest


def _make_private(folder: str) -> None:
    """Make it, and the one above it where that is ours too. Raises ``ImproperlyConfigured``."""
    above = os.path.dirname(folder)
    for path in [above, folder] if os.path.basename(above).startswith("hendrix-") else [folder]:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, 0o700)
            facts = os.lstat(path)
        except OSError as error:
            raise ImproperlyConfigured(f"the cache's directory {path} cannot be made: {error.strerror}") from error
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
            raise ImproperlyConfigured(
                f"the cache's directory {path} must be a directory of this user that nobody else may enter; "
                "remove it, or name another as LOCATION"
            )


@contextlib.contextmanager
def _opening(folder: str) -> Iterator[None]:
    """One process at a time."""
    descriptor = os.open(os.path.join(folder, "opening"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0
