"""A restart until the program is executed anew: rehearsed beside us, and then due."""

from __future__ import annotations

from collections.abc import Callable

from hendrix.supervisor.origin import Origin
from hendrix.supervisor.rehearsal import Rehearsal


class Restart:
    """``due`` once a rehearsal went well. It is not done at once: with the end of the rehearsal other ends may have
    been reaped, and other signals read, that are to be dealt with first. ``failed`` is told why another did not."""

    def __init__(self, origin: Origin, failed: Callable[[str], None]) -> None:
        self._origin = origin
        self._failed = failed
        self._rehearsal: Rehearsal | None = None
        self.due = False

    def begin(self) -> str:
        """Rehearse, unless that is done already. Returns why that cannot be."""
        if self._rehearsal is None and not self.due:
            try:
                self._rehearsal = Rehearsal(self._origin)
            except OSError as error:
                return f"cannot be executed: {(error.strerror or str(error)).lower()}"
        return ""

    @property
    def deadline(self) -> float | None:
        """When ``tick`` has something to do, on the monotonic clock."""
        return self._rehearsal.deadline if self._rehearsal else None

    def tick(self, now: float) -> None:
        """Give up a rehearsal that hangs."""
        if self._rehearsal and now >= self._rehearsal.deadline:
            self._rehearsal.give_up()

    def reaped(self, pid: int, status: int) -> bool:
        """Whether the child that has ended was the rehearsal."""
        if self._rehearsal is None or self._rehearsal.pid != pid:
            return False
        wrong, self._rehearsal = self._rehearsal.over(status), None
        self.due = not wrong
        if wrong:
            self._failed(wrong)
        return True

    def close(self) -> None:
        """Leave no process behind."""
        if self._rehearsal:
            self._rehearsal.give_up()
