"""The threads that run Django, and the bounded queue before them.

A pool begins with one thread. More are at work when jobs wait although the interpreter does not (the threads are
blocked on I/O), twice as many every few milliseconds, and fewer when they fight for the interpreter lock: a project
that computes keeps about one thread and pays nothing for that lock, one that waits for databases gets as many as it
may. Threads do no socket I/O: what they have to say goes back to the loop in batches, one wake-up for many answers.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from hendrix.answer.slow import Reports
from hendrix.core.events import ERROR, WARNING, emit
from hendrix.core.exchange import Job
from hendrix.worker.contention import Contention
from hendrix.worker.jobs import Jobs, Slot
from hendrix.worker.stalled import Standstill, count_stalled

#: Seconds that work waits before there are more threads for it.
_LOOK = 0.005
#: Ticks over which a thread must have been surplus before it is let go.
_IDLE_TICKS = 20
#: Threads beyond the limit that may stand in for those that wait for a slow reader of a stream.
_MOST_PARKED = 1000


class Loop(Protocol):
    """What the pool needs of an event loop."""

    def call_soon(self, callback: Callable[[], None]) -> object: ...
    def call_soon_threadsafe(self, callback: Callable[[], None]) -> object: ...
    def call_later(self, delay: float, callback: Callable[[], None]) -> object: ...


_here = threading.local()


class ThreadPool:
    """Runs jobs in threads. Created, submitted to and watched on the loop's thread."""

    def __init__(
        self,
        loop: Loop,
        most: int,
        queue_size: int,
        on_exit: Callable[[], None],
        on_start: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._most = most
        self._queue_size = queue_size
        self._on_exit = on_exit
        #: What each new thread does first.
        self.on_start = on_start
        self._jobs = Jobs()
        self._fresh: list[Job] = []
        self._resumed: list[Job] = []
        self._calls: deque[tuple[Callable[..., None], tuple[object, ...]]] = deque()
        self._awake = False
        self._contention = Contention()
        self._clock = clock
        #: How many threads may be at work at once, at the moment.
        self._limit = 1
        self._lowered = 0.0
        self._woken = 0.0
        self._looking = False
        self._look_due = 0.0
        self._handed_out = 0
        self._least_idle = most
        self._idle_ticks = 0
        self._leaving = 0
        self.slots: dict[int, Slot] = {}
        self._names = 0
        self._parked = 0
        self._hung = 0
        #: Threads that wait for the loop, when last looked at.
        self._stalled = 0
        self._standstill = Standstill()
        self._lock = threading.Lock()
        self._reports = Reports()

    # --- work in -------------------------------------------------------------------------------------------

    def submit(self, job: Job) -> bool:
        """Queue ``job``. False where the queue is full: it will not run."""
        fresh = self._fresh
        if len(self._jobs) + len(fresh) >= self._queue_size:
            return False
        if not fresh and not self._resumed:
            self._loop.call_soon(self._hand_out)
        fresh.append(job)
        return True

    def resume(self, job: Job) -> None:
        """Queue a ``job`` that goes on with a request: before those that begin, however many wait."""
        if not self._fresh and not self._resumed:
            self._loop.call_soon(self._hand_out)
        self._resumed.append(job)

    def lend(self, job: Job) -> None:
        """``resume``, from any thread."""
        if threading.get_ident() == self._thread:
            self.resume(job)
        else:
            self.post(self.resume, job)

    def _hand_out(self) -> None:
        """All that one turn of the loop has read, at once.

        A thread that was woken for the first of them would take the interpreter lock from the loop, and the two would
        pass it to and fro for each request.
        """
        jobs, self._fresh = self._fresh, []
        self._jobs.put(jobs)
        if self._resumed:
            self._jobs.put_first(self._resumed)
            jobs += self._resumed
            self._resumed = []
        missing = len(jobs) - self._jobs.wake(len(jobs))
        if missing and not self.slots:
            missing -= self._grow(1)
        if missing and not self._looking:
            self._begin_to_look()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._jobs) + len(self._fresh) + len(self._resumed)

    @property
    def busy(self) -> int:
        """Threads that run a job."""
        return sum(1 for slot in self.slots.values() if slot.job is not None)

    @property
    def unfinished(self) -> bool:
        """Is there work that will end? A job past its hard limit may never."""
        return bool(self.waiting) or any(slot.job is not None and not slot.expired for slot in self.slots.values())

    # --- results out ---------------------------------------------------------------------------------------

    def post(self, call: Callable[..., None], *args: object) -> None:
        """From any thread: run ``call(*args)`` on the loop's thread, in order."""
        self._calls.append((call, args))
        if not self._awake:
            self._awake = True
            self._woken = self._clock()
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        # Lowered first: whoever adds from now on wakes the loop again, so nothing is left behind.
        self._awake = False
        self._contention.note(self._clock() - self._woken)
        if self._contention.high:
            self._lower()
        calls = self._calls
        for _ in range(len(calls)):
            call, args = calls.popleft()
            try:
                call(*args)
            except Exception as error:
                # One broken answer must not take the others of its batch with it.
                emit("worker.callback_failed", ERROR, exc=error)
        if calls and not self._awake:
            self._awake = True
            self._woken = self._clock()
            self._loop.call_soon_threadsafe(self._drain)

    # --- threads -------------------------------------------------------------------------------------------

    def _run(self, slot: Slot, number: int) -> None:
        slot.ident = threading.get_ident()
        _here.slot = slot
        self.on_start()
        take = self._jobs.take
        now = time.monotonic
        while (job := take(slot)) is not None:
            slot.since = now()
            slot.job = job
            try:
                job.run()
            except BaseException as error:
                # It must not raise. If it does, the thread and its place are still needed.
                emit("worker.job_failed", ERROR, request=job.describe(), exc=error)
            slot.job = None
            del job
        try:
            self._on_exit()
        finally:
            self.post(self._left, number)

    def _grow(self, count: int) -> int:
        """So many threads more, as far as there may be; return how many."""
        before = len(self.slots)
        for _ in range(min(count, self._room() - before)):
            self._names += 1
            slot = Slot()
            thread = threading.Thread(
                target=self._run, args=(slot, self._names), name=f"hendrix-{self._names}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:
                emit("threads.cannot_start", WARNING, reason=str(error), threads=len(self.slots))
                break
            self.slots[self._names] = slot
        return len(self.slots) - before

    def _room(self) -> int:
        """How many threads there may be. Those that will not work for now, or ever again, do not count."""
        return self._limit + self._absent()

    def _absent(self) -> int:
        return min(self._parked + self._hung + self._stalled + self._standstill.extra, _MOST_PARKED)

    def _left(self, number: int) -> None:
        slot = self.slots.pop(number, None)
        if slot is not None:
            self._hung -= slot.expired
        self._leaving -= 1

    def _dismiss(self, count: int) -> None:
        """Let threads go: those that wait, then those that were the last to come."""
        count = min(count, len(self.slots) - self._leaving - 1)
        if count <= 0:
            return
        self._leaving += count
        count -= self._jobs.dismiss(count)
        for slot in reversed(list(self.slots.values())):
            if count and not slot.leaving and not slot.parked:
                slot.leaving = True
                count -= 1
        self._leaving -= count  # the others all wait for their peers

    def let_go(self, leave: Callable[[], None]) -> None:
        """In a process that a job has forked: a thread of ours ends with that job, by ``leave``."""
        slot: Slot | None = getattr(_here, "slot", None)
        if slot is not None:
            slot.leaving = True
            self._on_exit = leave

    def close(self) -> None:
        """Let all of them go, each after its job; nothing more is to be submitted. ``slots`` is empty in the end."""
        self._leaving += sum(not slot.leaving for slot in self.slots.values())
        for slot in self.slots.values():
            slot.leaving = True
        self._jobs.dismiss(len(self.slots))

    # --- growing and shrinking -----------------------------------------------------------------------------

    def _begin_to_look(self) -> None:
        self._looking = True
        self._look_due = self._clock() + _LOOK
        self._handed_out = self._jobs.put_so_far
        self._loop.call_later(_LOOK, self._look)

    def _look(self) -> None:
        """Work was waiting a moment ago. If it still is, and the interpreter is free for it: more threads."""
        self._looking = False
        self._contention.note(self._clock() - self._look_due)
        if not self._jobs:
            return
        if self._contention.high:
            self._lower()
            if self._parked:
                # These take no part in the fight, and have their place filled all the same.
                self._settle()
        elif self._jobs.taken_so_far < self._handed_out:
            self._limit = min(self._most, self._limit * 2)
            self._stalled = count_stalled(self.slots.values())
            self._standstill.look(self._jobs)
            self._settle()
        self._begin_to_look()

    def _lower(self) -> None:
        """Fewer threads at work, at once: they only take the interpreter from each other, and from the loop."""
        now = self._clock()
        if self._limit > 1 and now >= self._lowered + _LOOK:
            self._lowered = now
            at_work = len(self.slots) - self._jobs.idle
            self._limit = max(1, min(self._limit, at_work) // 2)
            self._settle()

    def _settle(self) -> None:
        """As many threads at work as there may be, and is work for."""
        room = self._room()
        self._jobs.reserve = max(0, len(self.slots) - self._leaving - room)
        waiting = len(self._jobs)
        waiting -= self._jobs.wake(waiting)
        if waiting:
            self._grow(waiting)

    def tick(self) -> None:
        """Twice a second: let surplus threads go."""
        idle = self._jobs.idle
        self._least_idle = min(self._least_idle, idle)
        self._idle_ticks += 1
        if self._idle_ticks >= _IDLE_TICKS:
            self._dismiss(self._least_idle)
            self._least_idle = idle
            self._idle_ticks = 0
        # Those that stood in for others are one too many once these go on.
        if self._stalled:
            self._stalled = count_stalled(self.slots.values())
        if not self._jobs:
            self._standstill.extra = 0
        self._dismiss(len(self.slots) - self._leaving - self._most - self._absent())
        if self._jobs and not self._looking:
            self._begin_to_look()

    # --- a thread that waits for its reader ----------------------------------------------------------------

    def park(self) -> None:
        """From a pool thread: it now waits for a slow peer, so another may stand in for it."""
        _here.slot.parked = True
        with self._lock:
            self._parked += 1
        if self.waiting:
            # It surely does not compute, so there is nothing to find out first.
            self.post(self._settle)

    def unpark(self) -> None:
        """From a pool thread: it goes on. The time that the peer took does not count against the request."""
        slot: Slot = _here.slot
        slot.parked = False
        slot.since = time.monotonic()
        with self._lock:
            self._parked -= 1

    def progress(self) -> None:
        """From a pool thread: its request moved on; the watchdog starts anew."""
        _here.slot.since = time.monotonic()

    # --- watchdog ------------------------------------------------------------------------------------------

    def watch(self, now: float, soft: float, hard: float) -> bool:
        """Report requests that run longer than ``soft`` seconds, expire those past ``hard``; True if any was.

        A thread cannot be ended, so the worker that holds it has to be replaced.
        """
        any_expired = False
        for slot in list(self.slots.values()):
            job = slot.job
            if job is not slot.watched:
                slot.watched = job
                self._hung -= slot.expired
                slot.reported = slot.expired = False
            if job is None:
                continue
            seconds = 0.0 if slot.parked else now - slot.since
            if soft and seconds > soft and not slot.reported:
                slot.reported = True
                self._reports.tell("request.slow", WARNING, job, seconds, slot.stack, now)
            if hard and seconds > hard and not slot.expired:
                slot.expired = any_expired = True
                self._hung += 1
                self._reports.tell("request.hung", ERROR, job, seconds, slot.stack, now)
                job.expire(seconds)
        self._reports.settle(now)
        return any_expired
