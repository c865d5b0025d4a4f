"""The access log: a line for each answered request, written in batches.

It is on the way of every request, so no logging framework is: a line is made by one compiled function and kept,
and one ``write`` takes many. A reader that is slow or gone costs lines (counted, and told by an event), never
time.
"""

from __future__ import annotations

from collections.abc import Callable

from hendrix.core.errors import UsageError
from hendrix.core.events import WARNING, emit
from hendrix.observe.entry import Entry
from hendrix.observe.format import Line, compile_format
from hendrix.observe.sink import Sink

_BATCH = 64

Schedule = Callable[[Callable[[], None]], None]


class AccessLog:
    """Lines in ``format`` to ``path`` (``-`` is standard output).

    ``format`` is what ``compile_format`` takes, or a function that makes a line. ``schedule`` has a function run
    soon on the thread that records (the loop's): that is how long a line may wait for its batch. Raises
    ``ValueError`` for the format and ``UsageError`` where the file cannot be opened.
    """

    def __init__(self, format: str | Line, path: str, schedule: Schedule) -> None:
        #: Makes a line of an entry.
        self.line = compile_format(format) if isinstance(format, str) else format
        self._schedule = schedule
        self._lines: list[str] = []
        self._scheduled = False
        self._losing = False
        try:
            self._sink = Sink(path)
        except OSError as error:
            raise UsageError(f"--access-logfile: cannot open {path}: {error.strerror}") from None

    def record(self, entry: Entry) -> None:
        """Keep the line for ``entry``. Never blocks and never raises for what a peer has sent."""
        lines = self._lines
        lines.append(self.line(entry))
        if not self._scheduled:
            self._scheduled = True
            self._schedule(self._tick)
        elif len(lines) >= _BATCH:
            self._hand_over()

    def _tick(self) -> None:
        self._scheduled = False
        self.flush()
        if self._sink.waiting and not self._scheduled:
            self._scheduled = True
            self._schedule(self._tick)

    def _hand_over(self) -> None:
        """A full batch. While nothing can be written it only waits: ``_tick`` is what tries again."""
        stuck = self._sink.waiting
        self._put()
        if not stuck:
            self._sink.drain()

    def _put(self) -> None:
        lines, self._lines = self._lines, []
        self._sink.put(lines)
        if self._sink.lost and not self._losing:
            self._losing = True
            emit("access.losing", WARNING, path=self._sink.path, error=self._sink.fault)

    def flush(self) -> None:
        """Write what is kept, as far as the reader takes it."""
        self._put()
        if self._sink.drain() and self._sink.lost:
            self._tell()

    def _tell(self) -> None:
        lines, self._sink.lost, self._losing = self._sink.lost, 0, False
        emit("access.lost", WARNING, path=self._sink.path, lines=lines)

    def reopen(self) -> None:
        """The file was moved away (USR1): go on in a new one of that name, with the same permissions.

        Where that fails the old file is kept and ``access.reopen_failed`` says so.
        """
        self.flush()
        try:
            self._sink.reopen()
        except OSError as error:
            emit("access.reopen_failed", WARNING, path=self._sink.path, error=error.strerror)

    def close(self) -> None:
        """Write all that is kept, with a second's patience for a slow reader, and close the file."""
        self._put()
        self._sink.close()
        if self._sink.lost:
            self._tell()


__all__ = ["AccessLog", "Entry", "Line", "Schedule", "compile_format"]
