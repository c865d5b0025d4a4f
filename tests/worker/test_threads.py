"""The pool: real threads, and a loop whose time is given and which is as late as the test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from hendrix.worker.threads import ThreadPool
from tests.kit.live import PATIENCE, until
from tests.worker.loops import FakeLoop, heard


class Job:
    """Runs until it is released."""

    def __init__(self, *, parks: ThreadPool | None = None, raises: BaseException | None = None) -> None:
        self.started = threading.Event()
        self.release = threading.Event()
        self.expired: list[float] = []
        self.thread = 0
        self._parks = parks
        self._raises = raises

    def run(self) -> None:
        self.thread = threading.get_ident()
        if self._parks is not None:
            self._parks.park()
        self.started.set()
        self.wait_for_release()
        if self._parks is not None:
            self._parks.unpark()
        if self._raises is not None:
            raise self._raises

    def wait_for_release(self) -> None:
        assert self.release.wait(PATIENCE)

    def expire(self, seconds: float) -> None:
        self.expired.append(seconds)

    def describe(self) -> str:
        return "GET /job"


class House:
    """A pool with its loop; ends all threads at the end."""

    def __init__(self, most: int = 8, queue_size: int = 100) -> None:
        self.loop = FakeLoop()
        self.exits: list[int] = []
        self.starts: list[int] = []
        self.pool = ThreadPool(
            self.loop,
            most,
            queue_size,
            lambda: self.exits.append(threading.get_ident()),
            lambda: self.starts.append(threading.get_ident()),
            clock=lambda: self.loop.now,
        )
        self.jobs: list[Job] = []

    def job(self, *, waits: bool = True, **keywords: object) -> Job:
        """Submit a job; one that does not wait is released beforehand."""
        job = Job(**keywords)
        if not waits:
            job.release.set()
        assert self.pool.submit(job)
        self.loop.turn()
        self.jobs.append(job)
        return job

    def busy(self, count: int) -> list[Job]:
        """``count`` threads that wait for their release."""
        jobs = [self.job() for _ in range(count)]
        self.loop.advance(1)
        self.started(*jobs)
        return jobs

    def started(self, *jobs: Job) -> None:
        for job in jobs:
            assert job.started.wait(PATIENCE)

    def idle(self) -> None:
        """Release all jobs and wait until no thread runs one."""
        self.loop.turn()
        for job in self.jobs:
            job.release.set()
        until(lambda: not self.pool.busy and not self.pool.waiting, "the pool to be idle")

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.pool.tick()
            self.loop.turn()

    def left(self, threads: int) -> None:
        """Wait until so many threads are left."""

        def found() -> bool:
            self.loop.turn()
            return len(self.pool.slots) == threads

        until(found, f"{threads} threads to be left")


@pytest.fixture
def house() -> Iterator[House]:
    yield from _house(House())


@pytest.fixture
def small() -> Iterator[House]:
    """Two threads at the most, and three jobs that may wait."""
    yield from _house(House(2, 3))


def _house(house: House) -> Iterator[House]:
    yield house
    house.idle()
    house.pool._jobs.dismiss(len(house.pool.slots))
    house.left(0)


# --- growing -----------------------------------------------------------------------------------------------------


def test_it_begins_with_one_thread_and_keeps_to_it(house) -> None:
    assert not house.pool.slots
    for _ in range(5):
        house.job(waits=False)
        house.idle()
        house.loop.advance(1)
    assert len({job.thread for job in house.jobs}) == len(house.pool.slots) == 1


def test_the_thread_that_was_busy_last_is_woken_first(house) -> None:
    first, second = house.busy(2)
    house.idle()
    until(lambda: house.pool._jobs.idle == 2, "both to wait")
    order = [slot.ident for slot in house.pool._jobs._idle]
    for _ in range(5):
        job = house.job(waits=False)
        house.started(job)
        until(lambda: house.pool._jobs.idle == 2, "both to wait")
        assert job.thread == order[-1]
    assert {first.thread, second.thread} == set(order)


def test_what_one_turn_reads_is_handed_out_at_its_end(house) -> None:
    house.started(house.job(waits=False))
    jobs = [Job() for _ in range(3)]
    for job in jobs:
        job.release.set()
        assert house.pool.submit(job)
    assert house.pool.waiting == 3
    assert not any(job.started.is_set() for job in jobs)
    house.loop.turn()
    house.started(*jobs)


def test_a_second_job_does_not_wait_for_a_first_that_blocks(house) -> None:
    house.started(house.job())
    second = house.job()
    house.loop.advance(0.02)
    house.started(second)
    assert len(house.pool.slots) == 2


def test_it_doubles_while_work_waits(house) -> None:
    jobs = [house.job() for _ in range(8)]
    house.started(jobs[0])
    seen = []
    for _ in range(4):
        house.loop.advance(0.005)
        seen.append(len(house.pool.slots))
        house.started(*jobs[: seen[-1]])
    assert seen == [2, 4, 8, 8]


def test_no_more_than_it_may(small) -> None:
    jobs = [small.job() for _ in range(3)]
    small.loop.advance(1)
    small.ticks(5)
    small.loop.advance(1)
    assert len(small.pool.slots) == 2
    jobs[0].release.set()
    small.started(*jobs)


#: Seconds that the loop is late when threads compute: the interpreter's switch interval.
FOUGHT_FOR = 0.005


def test_it_stays_small_while_the_interpreter_is_fought_for(house) -> None:
    house.loop.late = FOUGHT_FOR
    jobs = [house.job() for _ in range(10)]
    house.loop.advance(2)
    assert len(house.pool.slots) <= 2
    house.loop.late = 0.0
    house.loop.advance(0.1)
    house.started(*jobs[:8])


def test_work_that_is_begun_in_time_needs_no_more_threads(house) -> None:
    """Jobs that compute for a moment: some always wait, none waits long."""
    for _ in range(20):
        house.job(waits=False)
        house.job(waits=False)
        house.idle()
        house.loop.advance(0.004)
    assert len(house.pool.slots) == 1


def test_each_thread_begins_with_what_it_was_told(house) -> None:
    jobs = house.busy(4)
    assert {job.thread for job in jobs} <= set(house.starts)
    assert len(house.starts) == len(house.pool.slots)


def test_a_full_queue_refuses(small) -> None:
    small.busy(2)
    for _ in range(3):
        small.job()
    refused = Job()
    assert not small.pool.submit(refused)
    small.idle()
    assert not refused.started.is_set()
    assert small.pool.submit(small.jobs[0])


def test_without_a_thread_to_be_had_work_is_done_later(house, monkeypatch) -> None:
    def cannot_start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch, heard() as events:
        patch.setattr(threading.Thread, "start", cannot_start)
        job = house.job()
    assert [name for name, _ in events] == ["threads.cannot_start"]
    assert not house.pool.slots
    house.ticks(1)
    house.loop.advance(1)
    house.started(job)


@pytest.mark.parametrize("error", [ValueError("a bug"), SystemExit(3)])
def test_a_job_that_raises_does_not_end_its_thread(house, error) -> None:
    with heard() as events:
        house.job(waits=False, raises=error)
        house.idle()
    assert [(name, facts["exc"]) for name, facts in events] == [("worker.job_failed", error)]
    house.job(waits=False)
    house.idle()
    assert len({job.thread for job in house.jobs}) == 1


# --- shrinking ---------------------------------------------------------------------------------------------------


def test_threads_that_stay_idle_go_but_one(house) -> None:
    house.busy(6)
    assert len(house.pool.slots) >= 6
    house.idle()
    house.ticks(19)
    assert not house.exits, "not yet"
    house.ticks(60)
    house.left(1)
    assert len(house.exits) >= 5
    assert house.exits.count(house.jobs[0].thread) <= 1


def test_threads_that_work_stay(house) -> None:
    jobs = house.busy(4)
    for job in jobs[:2]:
        job.release.set()
    until(lambda: house.pool.busy == 2, "two jobs to end")
    house.ticks(100)
    house.left(2)
    assert house.pool.busy == 2


def test_threads_that_fight_for_the_interpreter_stand_back(house) -> None:
    """They are not ended, for they may be needed in a moment; but no more than one is at work."""
    house.busy(8)
    house.loop.late = FOUGHT_FOR
    waiting = [house.job() for _ in range(8)]
    house.loop.advance(0.2)
    for job in house.jobs[:8]:
        job.release.set()
    house.started(waiting[0])
    until(lambda: house.pool.busy == 1, "all but one to stand back")
    assert len(house.pool.slots) == 8
    house.loop.late = 0.0
    house.loop.advance(0.1)
    house.started(*waiting)


def test_the_loop_being_woken_late_counts_too(house) -> None:
    house.busy(8)
    for _ in range(10):
        house.pool.post(lambda: None)
        house.loop.now += FOUGHT_FOR
        house.loop.turn()
    waiting = [house.job() for _ in range(8)]
    for job in house.jobs[:8]:
        job.release.set()
    house.started(waiting[0])
    until(lambda: house.pool.busy == 1, "all but one to stand back")


# --- jobs that go on ---------------------------------------------------------------------------------------------


def test_what_goes_on_is_done_before_what_begins(small) -> None:
    first = small.busy(2)
    begins = small.job()
    resumed = Job()
    small.pool.resume(resumed)
    small.loop.turn()
    small.jobs.append(resumed)
    first[0].release.set()
    small.started(resumed)
    assert not begins.started.is_set()


def test_what_goes_on_is_not_refused(small) -> None:
    small.busy(2)
    for _ in range(3):
        small.job()
    more = [Job() for _ in range(5)]
    for job in more:
        small.pool.resume(job)
    small.loop.turn()
    small.jobs += more
    small.idle()
    small.started(*more)


def test_a_job_may_be_lent_a_thread_by_a_thread(house) -> None:
    lent = Job()
    house.jobs.append(lent)
    lender = threading.Thread(target=house.pool.lend, args=(lent,))
    lender.start()
    lender.join()
    assert not lent.started.is_set()
    house.loop.turn()
    house.started(lent)


def test_others_stand_in_for_threads_that_wait_for_the_loop(small) -> None:
    class Waits(Job):
        def wait_for_release(self) -> None:
            self.run_until_future()

        def run_until_future(self) -> None:
            """Named like the function of asgiref in which a thread waits for the loop."""
            super().wait_for_release()

    for _ in range(2):
        job = Waits()
        assert small.pool.submit(job)
        small.loop.turn()
        small.jobs.append(job)
    small.loop.advance(0.1)
    small.started(*small.jobs)
    small.loop.advance(0.1)
    other = small.job()
    small.loop.advance(0.1)
    small.started(other)


# --- waiting for a peer ------------------------------------------------------------------------------------------


def test_others_stand_in_for_threads_that_wait_for_a_peer(small) -> None:
    parked = [small.job(parks=small.pool) for _ in range(2)]
    small.loop.advance(1)
    small.started(*parked)
    more = [small.job() for _ in range(2)]
    small.loop.advance(1)
    small.started(*more)
    assert len(small.pool.slots) == 4


def test_they_do_so_while_the_interpreter_is_fought_for(small) -> None:
    """Those that wait for a peer take no part in that."""
    parked = [small.job(parks=small.pool)]
    small.started(*parked)
    small.loop.late = FOUGHT_FOR
    more = small.job()
    small.loop.advance(1)
    small.started(more)
    small.loop.late = 0.0


def test_work_that_waits_already_gets_the_place_at_once(small) -> None:
    first = small.busy(2)
    streams = [small.job(parks=small.pool), small.job()]
    small.loop.advance(1)
    first[0].release.set()
    small.started(streams[0])
    small.loop.turn()
    small.started(streams[1])


def test_who_stood_in_leaves_when_the_others_go_on(small) -> None:
    parked = [small.job(parks=small.pool) for _ in range(2)]
    small.loop.advance(1)
    small.started(*parked)
    small.busy(2)
    small.idle()
    small.ticks(1)
    small.left(2)


# --- results -----------------------------------------------------------------------------------------------------


def test_results_come_in_order_with_one_wake_up_and_one_that_fails_fails_alone(house) -> None:
    found: list[object] = []

    def broken() -> None:
        raise ValueError("a bug")

    house.pool.post(found.append, 1)
    house.pool.post(broken)
    house.pool.post(found.append, 2)
    assert (found, house.loop.woken) == ([], 1)
    with heard() as events:
        house.loop.turn()
    assert found == [1, 2]
    assert [name for name, _ in events] == ["worker.callback_failed"]
    house.pool.post(found.append, 3)
    house.loop.turn()
    assert (found, house.loop.woken) == ([1, 2, 3], 2)


def test_nothing_that_threads_post_is_lost(house) -> None:
    found: list[tuple[int, int]] = []

    def post(number: int) -> None:
        for at in range(2000):
            house.pool.post(found.append, (number, at))

    posters = [threading.Thread(target=post, args=(number,)) for number in range(4)]
    for poster in posters:
        poster.start()

    def all_found() -> bool:
        house.loop.turn()
        return len(found) == 8000

    until(all_found, "all that was posted")
    for number in range(4):
        assert [at for who, at in found if who == number] == list(range(2000))


# --- the watchdog ------------------------------------------------------------------------------------------------


def test_it_reports_once_and_expires_once(house) -> None:
    (job,) = house.busy(1)
    now = time.monotonic()
    with heard() as events:
        assert not house.pool.watch(now + 5, soft=10, hard=60)
        assert not house.pool.watch(now + 11, soft=10, hard=60)
        assert not house.pool.watch(now + 12, soft=10, hard=60)
        assert house.pool.watch(now + 61, soft=10, hard=60)
        assert not house.pool.watch(now + 62, soft=10, hard=60)
    assert [name for name, _ in events] == ["request.slow", "request.hung"]
    assert all("wait_for_release" in str(facts["stack"]) and facts["request"] == "GET /job" for _, facts in events)
    assert [round(seconds) for seconds in job.expired] == [61]


def test_limits_of_zero_are_none(house) -> None:
    (job,) = house.busy(1)
    with heard() as events:
        assert not house.pool.watch(time.monotonic() + 1e6, soft=0, hard=0)
    assert not events and not job.expired


def test_the_next_job_of_a_thread_is_watched_too(small) -> None:
    with heard() as events:
        for _ in range(2):
            small.busy(1)
            assert small.pool.watch(time.monotonic() + 100, soft=10, hard=60)
            small.idle()
    assert len(small.pool.slots) == 1
    assert [name for name, _ in events] == ["request.slow", "request.hung"] * 2


def test_time_that_a_peer_takes_does_not_count(house) -> None:
    job = house.job(parks=house.pool)
    house.started(job)
    assert not house.pool.watch(time.monotonic() + 1e6, soft=10, hard=60)
    assert not job.expired


def test_a_hung_thread_does_not_take_the_place_of_others(small) -> None:
    small.busy(2)
    assert small.pool.unfinished
    assert small.pool.watch(time.monotonic() + 100, soft=10, hard=60)
    assert not small.pool.unfinished, "they may never end"
    small.busy(2)
    assert len(small.pool.slots) == 4
    small.idle()
    small.pool.watch(time.monotonic(), soft=10, hard=60)
    small.ticks(1)
    small.left(2)
