"""Jobs in line, and the threads that wait for them.

The thread that stopped waiting least long ago is woken first: its caches are warm, its database connection is open,
and those at the other end of the line are seen to be surplus. Only the loop's thread puts and wakes; any thread takes.
What the interpreter does in one step (append, pop, remove) needs no lock here.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque
from itertools import islice

from hendrix.core.exchange import Job


class Slot:
    """One thread: what it runs, and the gate at which it waits."""

    __slots__ = ("expired", "gate", "ident", "job", "leaving", "parked", "reported", "since", "watched")

    def __init__(self) -> None:
        self.gate = threading.Lock()
        self.gate.acquire()
        self.ident = 0
        self.job: Job | None = None
        self.since = 0.0
        self.parked = False
        self.leaving = False
        #: What the watchdog saw here last, and what it has done about it.
        self.watched: Job | None = None
        self.reported = False
        self.expired = False

    def stack(self) -> str:
        """Where the thread is at this moment; empty where it is no more."""
        frame = sys._current_frames().get(self.ident)
        return "".join(traceback.format_stack(frame)) if frame else ""


class Jobs:
    """A queue with its waiting threads."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._idle: list[Slot] = []
        #: How many threads are to stay idle although there is work.
        self.reserve = 0
        self.put_so_far = 0
        self._last_first = 0

    @property
    def taken_so_far(self) -> int:
        """Jobs that are no longer in line."""
        return self.put_so_far - len(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def idle(self) -> int:
        """Threads that wait."""
        return len(self._idle)

    def put(self, jobs: list[Job]) -> None:
        """Queue them. Nobody is woken for it."""
        self.put_so_far += len(jobs)
        self._jobs.extend(jobs)

    def put_first(self, jobs: list[Job]) -> None:
        """Queue them before all others, in their order."""
        self.put_so_far += len(jobs)
        self._jobs.extendleft(reversed(jobs))
        self._last_first = id(jobs[-1])

    @property
    def first_wait(self) -> bool:
        """Do some wait that were put before all others?"""
        try:
            return self._last_first in map(id, self._jobs)
        except RuntimeError:
            return False  # changed meanwhile: one was taken

    def wake(self, most: int) -> int:
        """Wake so many threads, as far as there is work for them; return how many."""
        count = min(most, len(self._jobs), len(self._idle) - self.reserve)
        for number in range(count):
            try:
                slot = self._idle.pop()
            except IndexError:
                return number
            slot.gate.release()
        return count

    def take(self, slot: Slot) -> Job | None:
        """In a thread: its next job. None: it is to leave."""
        while not slot.leaving:
            if len(self._idle) >= self.reserve:
                try:
                    return self._jobs.popleft()
                except IndexError:
                    pass
            self._idle.append(slot)
            # What came between the look and the line before found nobody to wake.
            wanted = self._jobs and len(self._idle) > self.reserve
            if (wanted or slot.leaving) and self._withdraw(slot):
                continue
            slot.gate.acquire()
        return None

    def _withdraw(self, slot: Slot) -> bool:
        try:
            self._idle.remove(slot)
        except ValueError:
            return False  # somebody is about to open its gate
        return True

    def dismiss(self, most: int) -> int:
        """Send away so many of the threads that have waited longest; return how many."""
        longest = list(islice(self._idle, most))
        for slot in longest:
            slot.leaving = True
            if self._withdraw(slot):
                slot.gate.release()
        return len(longest)
