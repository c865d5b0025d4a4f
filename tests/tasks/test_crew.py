"""The threads of the background: bounded, in order within a job, nothing lost in silence."""

import queue
import threading

import pytest

from hendrix.core import events
from hendrix.tasks.crew import Crew
from tests.kit.live import until


@pytest.fixture
def told():
    heard = []

    def hear(name, level, facts):
        heard.append((name, facts))

    events.listen(hear)
    yield heard
    events.forget(hear)


def put(crew, job, name="job"):
    assert crew.reserve()
    crew.put([name], job)


def test_no_more_threads_than_allowed() -> None:
    crew, gate, lock = Crew(most=2, limit=10), threading.Event(), threading.Lock()
    running, most = set(), []

    def job():
        with lock:
            running.add(threading.get_ident())
            most.append(len(running))
        gate.wait(10)

    for _ in range(6):
        put(crew, job)
    until(lambda: len(running) == 2)
    gate.set()
    assert crew.finish(10)
    assert max(most) == 2


def test_a_full_queue_says_so() -> None:
    crew, gate = Crew(most=1, limit=2), threading.Event()
    put(crew, lambda: gate.wait(10))
    put(crew, lambda: None)
    assert not crew.reserve()
    gate.set()
    assert crew.finish(10)
    assert crew.reserve()


def test_what_does_not_end_is_told(told) -> None:
    crew, gate = Crew(most=1, limit=5), threading.Event()
    put(crew, lambda: gate.wait(10), "one")
    put(crew, lambda: None, "two")
    assert not crew.finish(0.05)
    gate.set()
    (name, facts) = told[-1]
    assert (name, facts["tasks"], facts["count"]) == ("background.lost", "one, two", 2)


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_a_job_that_raises_does_not_end_the_thread(told, error) -> None:
    crew, done = Crew(most=1, limit=5), []

    def fails():
        raise error("wrong")

    put(crew, fails)
    put(crew, lambda: done.append(1))
    assert crew.finish(10)
    assert done == [1]
    assert told[0][0] == "background.failed"


def test_a_job_that_comes_when_the_idle_thread_goes() -> None:
    crew, gone = Crew(most=1, limit=5), threading.Event()

    class Jobs(queue.SimpleQueue):
        """Its first wait ends in the very moment in which a job is put."""

        expires = threading.Event()

        def get(self, timeout=None):
            if self.expires.is_set():
                return super().get(timeout=timeout)
            self.expires.wait(20)
            raise queue.Empty

        def put(self, item):
            self.expires.set()
            gone.wait(0.2)
            super().put(item)

    crew._jobs = Jobs()
    crew._threads = 1

    def live():
        crew._live()
        gone.set()

    threading.Thread(target=live, daemon=True).start()
    until(lambda: crew._idle == 1)
    put(crew, lambda: None)
    assert crew.finish(5)
