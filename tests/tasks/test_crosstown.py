"""``crosstown_traffic`` with each of its options, and its helpers, as the old documentation has them."""

import threading
import unittest

import pytest

from hendrix import after_response
from hendrix.experience import crosstown_traffic
from hendrix.mechanics.concurrency import get_response_for_thread, get_tasks_to_follow_current_response
from hendrix.mechanics.concurrency.exceptions import ThreadHasNoResponse
from hendrix.tasks import duties
from hendrix.tasks.crew import Crew, crew
from hendrix.utils.test_utils import AsyncTestMixin, crosstownTaskListDecoratorFactory
from tests.kit.live import until


@pytest.fixture
def response():
    """A request is under way; calling it ends that."""
    mine = duties.Duties()
    token = duties.current.set(mine)
    helpers = Crew()

    def sent(code=200):
        begin = duties.settle(mine, code, "id-1", helpers)
        if begin is not None:
            begin(code)
        helpers.finish(10)

    yield sent
    duties.current.reset(token)


def test_runs_when_the_response_is_sent_in_order(response) -> None:
    ran = []

    @crosstown_traffic()
    def first():
        ran.append(1)

    @crosstown_traffic
    def second():
        ran.append(2)

    after_response(ran.append, 3)
    assert ran == []
    assert [duty.function for duty in get_tasks_to_follow_current_response()][:2] == [first, second]
    response()
    assert ran == [1, 2, 3]


def test_the_function_stays_what_it_was(response) -> None:
    @crosstown_traffic()
    def seven():
        return 7

    assert seven() == 7


def of_a_module(ran, thing, *, named):
    ran.append((thing, named))


def test_a_function_of_a_module_follows_each_response_that_calls_it(response) -> None:
    ran = []
    decorated = crosstown_traffic(of_a_module)
    decorated(ran, 1, named=2)
    decorated(ran, 3, named=4)
    assert ran == []
    response()
    assert ran == [(1, 2), (3, 4)]


@pytest.mark.parametrize(
    ("codes", "status", "runs"),
    [
        (None, 200, True),
        (None, 404, False),
        (None, 500, False),
        (["400-405"], 405, False),
        (["400-405"], 406, True),
        (["302"], 302, False),
        ([302, "5xx"], 404, True),
        ([], 500, True),
    ],
)
def test_no_go_status_codes(response, codes, status, runs) -> None:
    ran = []
    options = {} if codes is None else {"no_go_status_codes": codes}
    crosstown_traffic(**options)(lambda: ran.append(1))
    response(status)
    assert bool(ran) == runs


def test_the_plain_function_runs_whatever_the_status(response) -> None:
    ran = []
    after_response(ran.append, 1)
    response(500)
    assert ran == [1]


def test_no_go_can_be_asked_for_beforehand() -> None:
    through = crosstown_traffic(no_go_status_codes=[418])
    through.status_code = 404
    through.check_status_code_against_no_go_list()
    assert not through.no_go
    through.status_code = 418
    through.check_status_code_against_no_go_list()
    assert through.no_go


@pytest.mark.parametrize("same", [True, False])
def test_same_thread(response, same) -> None:
    threads = []
    crosstown_traffic(same_thread=same)(lambda: threads.append(threading.current_thread()))
    response()
    assert (threads == [threading.current_thread()]) == same


def test_always_spawn_worker_outranks_same_thread(response) -> None:
    threads = []
    crosstown_traffic(same_thread=True, always_spawn_worker=True)(lambda: threads.append(threading.current_thread()))
    response()
    assert threads and threads != [threading.current_thread()]


class Pool:
    def __init__(self):
        self.called = []

    def callInThread(self, call):
        self.called.append(call)
        call()


@pytest.mark.parametrize("option", ["threadpool", "reactor"])
def test_a_pool_of_ones_own(response, option) -> None:
    ran, pool = [], Pool()
    crosstown_traffic(**{option: pool})(lambda: ran.append(1))
    assert pool.called == []
    response()
    assert ran == [1]
    assert len(pool.called) == 1


def test_outside_of_a_request_at_once_in_this_thread() -> None:
    threads = []
    crosstown_traffic()(lambda: threads.append(threading.current_thread()))
    assert threads == [threading.current_thread()]


def test_outside_of_a_request_without_blocking() -> None:
    threads = []
    crosstown_traffic(block_without_response=False)(lambda: threads.append(threading.current_thread()))
    assert crew.finish(10)
    assert threads and threads != [threading.current_thread()]


def test_fail_without_response() -> None:
    with pytest.raises(ThreadHasNoResponse):
        crosstown_traffic(fail_without_response=True)(lambda: None)
    with pytest.raises(ThreadHasNoResponse):
        get_response_for_thread()


def test_after_response_outside_of_a_request() -> None:
    ran = []
    after_response(ran.append, 1)
    assert crew.finish(10)
    assert ran == [1]


def test_async_functions(response) -> None:
    ran = []

    async def wait():
        ran.append(threading.current_thread())

    after_response(wait)
    response()
    assert ran and ran != [threading.current_thread()]


def test_added_after_the_response_it_begins_at_once(response) -> None:
    ran = []
    response()
    after_response(ran.append, 1)
    until(lambda: ran == [1])


def test_a_failure_keeps_nobody_from_following(response) -> None:
    from hendrix.core import events

    ran, told = [], []

    def hear(name, level, facts):
        told.append((name, facts["id"], facts["task"], type(facts["exc"])))

    def fails():
        raise LookupError("wrong")

    after_response(fails)
    after_response(ran.append, 1)
    events.listen(hear)
    try:
        response()
    finally:
        events.forget(hear)
    assert ran == [1]
    assert told == [("background.failed", "id-1", told[0][2], LookupError)]
    assert told[0][2].endswith("fails")


def test_where_too_much_waits_the_requests_thread_does_it() -> None:
    full, ran = Crew(limit=1), []
    assert full.reserve()
    mine = duties.Duties()
    token = duties.current.set(mine)
    try:
        after_response(lambda: ran.append(threading.current_thread()))
        assert duties.settle(mine, 200, "", full) is None
    finally:
        duties.current.reset(token)
    assert ran == [threading.current_thread()]


class Recording(AsyncTestMixin, unittest.TestCase):
    def runTest(self) -> None:
        @crosstown_traffic()
        def one():
            return "one"

        crosstown_traffic(of_a_module)([], 2, named=3)
        self.assertNumCrosstownTasks(2)
        assert self.next_task()() == "one"
        assert self.next_task().args == ([], 2)
        with self.assertRaises(StopIteration):
            self.next_task()
        with self.assertRaises(AssertionError):
            self.assertNumCrosstownTasks(1)


def test_the_mixin() -> None:
    result = unittest.TestResult()
    Recording().run(result)
    assert result.wasSuccessful(), result.failures + result.errors
    assert crosstown_traffic.decorator is None


def test_the_list_factory() -> None:
    listed = []
    made = crosstownTaskListDecoratorFactory(listed)
    made()(lambda: None)
    assert len(listed) == 1
