"""Being woken by the kernel when something happens in a directory: by way of watchfiles, where that is installed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

_STEP = 30
"""Milliseconds of silence that end a burst of events."""
_BURST = 250
"""Milliseconds that a burst may last before it is told."""


class Alarm:
    """Readable by its ``fileno`` when there are ``events``. ``ImportError`` where watchfiles is not installed."""

    def __init__(self) -> None:
        from watchfiles._rust_notify import RustNotify  # noqa: PLC0415 - optional, and slow to import

        self._make: Any = RustNotify
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._silenced = threading.Event()

    def fileno(self) -> int:
        """For ``select``."""
        return self._reader

    def watch(self, directories: Iterable[str]) -> None:
        """Watch these, not what is below them, instead of those before. Whoever looks afterwards misses nothing.

        Raises ``OSError`` when the kernel does not watch so many, or one of them is gone.
        """
        watched = sorted(filter(_is_text, directories))
        notify = self._make(watched, False, False, 0, False, True)
        self._silenced.set()
        self._silenced = threading.Event()
        threading.Thread(target=self._listen, args=(notify, self._silenced), daemon=True).start()

    def events(self) -> set[str]:
        """Where something has happened since they were last asked for."""
        try:
            os.read(self._reader, 4096)
        except BlockingIOError:
            pass
        with self._lock:
            paths, self._paths = self._paths, set()
        return paths

    def close(self) -> None:
        """Watch nothing more."""
        self._silenced.set()

    def _listen(self, notify: Any, silenced: threading.Event) -> None:
        while not isinstance(told := notify.watch(_BURST, _STEP, 0, silenced), str):
            with self._lock:
                self._paths.update(path for _, path in told)
            try:
                os.write(self._writer, b".")
            except BlockingIOError:
                pass  # it is readable already
        notify.close()


def _is_text(path: str) -> bool:
    """watchfiles knows no other names."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
