"""``sync_to_async`` and ``async_to_sync`` (topics/async.html) with the worker's threads and on its loop."""

from __future__ import annotations

import pytest

from tests.behaviour import django_stage
from tests.behaviour.django_stage import new_key, query
from tests.kit.live import until


@pytest.fixture
def key() -> str:
    return new_key()


@pytest.fixture(scope="session")
def narrow():
    """One thread."""
    with django_stage.site("--threads", "1") as served:
        yield served


def test_functions_run_in_the_workers_threads(site) -> None:
    names = site.read("/threads/names")
    assert names.pop("loop") == "MainThread"
    for name in names.values():
        assert name.startswith("hendrix-"), names


def test_no_other_threads_are_started(site) -> None:
    for _ in range(5):
        site.get("/threads/names")
        site.get("/async/words")
        site.get("/sync/through_async")
    others = {name for name in site.read("/census") if not name.startswith(("hendrix-", "MainThread"))}
    assert not {name for name in others if "asyncio" in name or "ThreadPool" in name}, others


def test_functions_that_are_not_thread_sensitive_run_at_once(site) -> None:
    assert site.get("/threads/free_at_once").text == "met"


def test_thread_sensitive_functions_run_one_after_the_other(site) -> None:
    assert site.read("/async/at_once") == {"connections": 1, "at once": 1}


def test_thread_sensitive_functions_see_one_connection(site) -> None:
    assert len(set(site.read("/async/same_connection"))) == 1


def test_what_a_function_raises(site) -> None:
    assert site.get("/threads/raises").text == "in a thread"


def test_an_executors_function_leaves_nothing_in_its_thread(site) -> None:
    for _ in range(5):
        assert site.get("/threads/leaks").text == "clean"
        assert site.get("/threads/leaked").text == "clean"


def test_async_to_sync_runs_on_the_workers_loop(site) -> None:
    assert site.get("/threads/loop_of").text == site.get("/threads/loop_here").text


def test_the_orm_within_async_to_sync_uses_the_views_connection(site) -> None:
    assert site.read("/sync/through_async") == {"same": True}


@pytest.mark.parametrize("count", [1, 2, 8])
def test_sync_views_that_wait_for_the_loop_do_not_lock_each_other_out(narrow, count) -> None:
    clients = [narrow.begin("/threads/all_at_once" + query(count=count)) for _ in range(count)]
    for client in clients:
        assert client.answer().status == 200


def test_threads_that_wait_for_what_another_request_holds(narrow, key) -> None:
    """A lock, or a connection of a pool: the request that has it must get a thread to go on in."""
    opener = narrow.begin("/threads/opens" + query(key=key, gate=key, count=1))
    narrow.await_noted(key, "begun")
    waiter = narrow.begin("/sync/waits" + query(key=key, gate=key))
    assert opener.answer().text == "opened"
    assert waiter.answer().status == 200


def test_a_task_that_outlives_its_request(site, key) -> None:
    assert site.get("/threads/orphan" + query(key=key, gate=key)).text == "left"
    site.await_finished(key)
    site.open(key)
    site.await_noted(key, "orphan done")
    assert site.read("/sync/words") == site.read("/async/words")


def test_a_function_goes_on_after_its_view_was_cancelled(site, key) -> None:
    """It may still read the request (Django's test_cancel_post_request_with_sync_processing)."""
    client = site.client()
    client.begin("POST", "/threads/slow_function" + query(key=key, gate=key), body=b"0123456789")
    site.await_noted(key, "waits")
    client.close()
    site.await_finished(key)
    site.open(key)
    site.await_noted(key, "read 10")


def test_async_orm(site, key) -> None:
    assert site.get("/async/add_word" + query(text=key)).text == "added"
    until(lambda: key in site.read("/async/words"), "the word")
    assert key in site.read("/sync/words")
