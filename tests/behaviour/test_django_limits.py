"""Peers that leave, and requests that take too long."""

from __future__ import annotations

import time

import pytest

from tests.behaviour import django_stage
from tests.behaviour.django_stage import new_key, query
from tests.kit.live import until


@pytest.fixture
def key() -> str:
    return new_key()


@pytest.fixture(scope="session")
def hurried():
    with django_stage.site("--timeout", "1s") as served:
        yield served


@pytest.fixture(scope="session")
def wrapped():
    """Sync middleware that is called as a whole: an async view within it holds a thread."""
    names = ["Marks", "opaque", "Inner"]
    with django_stage.site(MIDDLEWARE=[f"project.middleware.{name}" for name in names]) as served:
        yield served


def test_an_async_view_is_cancelled_within_a_second(site, key) -> None:
    client = site.begin("/async/waits" + query(key=key, gate=key))
    site.await_noted(key, "waits")
    left = time.monotonic()
    client.close()
    site.await_noted(key, "cleaned up")
    assert time.monotonic() - left < 1.5


def test_an_async_view_within_middleware_that_holds_a_thread_is_cancelled_too(wrapped, key) -> None:
    client = wrapped.begin("/async/waits" + query(key=key, gate=key))
    wrapped.await_noted(key, "waits")
    client.close()
    wrapped.await_noted(key, "cleaned up", 5)
    wrapped.await_finished(key)


def test_within_such_middleware_a_view_may_end_itself(wrapped, key) -> None:
    assert wrapped.get(f"/async/cancels_itself?key={key}").status == 500
    wrapped.await_finished(key)
    assert wrapped.get("/async/hello").body == b"hello"


def test_an_async_view_past_the_limit(hurried, key) -> None:
    client = hurried.begin("/async/waits" + query(key=key, gate=key))
    assert client.answer().status == 504
    noted = hurried.await_finished(key)
    assert noted[-2:] == ["cleaned up", "finished by Handler"]
    assert "went on" not in noted


def test_a_sync_view_past_the_limit() -> None:
    with django_stage.site("--timeout", "1s") as own:
        worker = own.server.workers()
        key = new_key()
        client = own.begin("/sync/waits" + query(key=key, gate=key))
        assert client.answer().status == 504
        own.open(key)
        own.server.await_new_worker(worker[0])


def test_a_stream_may_take_longer(hurried, key) -> None:
    client = hurried.begin("/async/async_stream" + query(key=key, how="gated", gate=key))
    client.head()
    assert client.chunk() == b"first "
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 2.1, "the limit to pass twice")
    hurried.open(key)
    assert client.chunk() == b"second"
