"""Threads that wait for what only another thread could do."""

from __future__ import annotations

import gc
import threading
import weakref

from asgiref.current_thread_executor import CurrentThreadExecutor

from hendrix.worker.jobs import Jobs, Slot
from hendrix.worker.stalled import _LOOKS, Standstill, count_stalled
from tests.kit.live import until
from tests.worker.test_threads import Job


def test_asgiref_shows_that_it_waits() -> None:
    from concurrent.futures import Future

    done: Future[None] = Future()
    slot = Slot()

    def wait() -> None:
        slot.ident, slot.job = threading.get_ident(), Job()
        CurrentThreadExecutor(None).run_until_future(done)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: count_stalled([slot]) == 1, "it to be seen")
    done.set_result(None)
    thread.join()
    assert count_stalled([slot]) == 0


def test_a_thread_that_waits_for_anything_else() -> None:
    slot, gate = Slot(), threading.Event()

    def wait() -> None:
        slot.ident, slot.job = threading.get_ident(), Job()
        gate.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: slot.job is not None, "it to begin")
    assert count_stalled([slot]) == 0
    gate.set()
    thread.join()


def test_looking_holds_nothing_of_what_was_seen() -> None:
    """Else what requests have in memory would stay until the collector comes, which may take minutes."""
    slot, seen, gate = Slot(), threading.Event(), threading.Event()

    class Held:
        """Stands for a form of many megabytes."""

    gone: list[weakref.ref[Held]] = []

    def work() -> None:
        held = Held()
        gone.append(weakref.ref(held))
        slot.ident, slot.job = threading.get_ident(), Job()
        seen.set()
        gate.wait()

    gc.disable()
    try:
        thread = threading.Thread(target=work)
        thread.start()
        assert seen.wait(20)
        count_stalled([slot])
        slot.stack()
        gate.set()
        thread.join()
        assert gone[0]() is None
    finally:
        gc.enable()


def test_a_standstill_ends_with_a_thread_more() -> None:
    jobs, standstill = Jobs(), Standstill()
    jobs.put_first([Job()])
    for _ in range(_LOOKS):
        standstill.look(jobs)
        assert standstill.extra == 0
    standstill.look(jobs)
    assert standstill.extra == 1
    for _ in range(_LOOKS):
        standstill.look(jobs)
    assert standstill.extra == 2


def test_requests_that_begin_can_wait() -> None:
    jobs, standstill = Jobs(), Standstill()
    jobs.put([Job()])
    for _ in range(3 * _LOOKS):
        standstill.look(jobs)
    assert standstill.extra == 0


def test_it_is_none_while_jobs_are_taken() -> None:
    jobs, standstill = Jobs(), Standstill()
    jobs.put_first([Job() for _ in range(20)])
    slot = Slot()
    for _ in range(10):
        for _ in range(_LOOKS - 1):
            standstill.look(jobs)
        jobs.take(slot)
    assert standstill.extra == 0
