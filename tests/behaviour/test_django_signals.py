"""Django's request signals: one start, one end, on every path (reference/signals.html)."""

from __future__ import annotations

import pytest

from tests.behaviour.django_stage import new_key, query
from tests.kit.client import Truncated

KINDS = ["sync", "async"]
STARTED, FINISHED, FAILED = "started by Handler", "finished by Handler", "exception signal"


@pytest.fixture
def key() -> str:
    return new_key()


@pytest.mark.parametrize("kind", KINDS)
def test_around_a_view(site, key, kind) -> None:
    assert site.get(f"/{kind}/hello?key={key}").body == b"hello"
    assert site.await_finished(key) == [
        STARTED,
        *("marks.request", "inner.request", "marks.view", "inner.view", "view", "inner.response", "marks.response"),
        FINISHED,
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["denied", "suspicious", "bad", "missing"])
def test_errors_that_have_a_status(site, key, kind, how) -> None:
    site.get(f"/{kind}/fails" + query(key=key, how=how))
    noted = site.await_finished(key)
    assert noted[0] == STARTED
    assert noted[-1] == FINISHED
    assert FAILED not in noted


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_the_view(site, key, kind) -> None:
    assert site.get(f"/{kind}/fails" + query(key=key, how="error")).status == 500
    noted = site.await_finished(key)
    assert noted.count(FAILED) == 1
    assert noted[-1] == FINISHED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hook", ["request", "view", "response"])
@pytest.mark.parametrize("what", ["return", "raise"])
def test_early_ends_in_middleware(site, key, kind, hook, what) -> None:
    site.get(f"/{kind}/hello" + query(key=key, **{f"inner.{hook}": what}))
    noted = site.await_finished(key)
    assert noted.count(FAILED) == (what == "raise")
    assert noted[-2:] == ["marks.response", FINISHED]


@pytest.mark.parametrize("kind", KINDS)
def test_views_that_answer_nothing(site, key, kind) -> None:
    assert site.get(f"/{kind}/nothing?key={key}").status == 500
    assert FAILED in site.await_finished(key)


@pytest.mark.parametrize("kind", KINDS)
def test_views_that_leave_the_process(site, key, kind) -> None:
    """SystemExit is not converted to a response (Django), and ends this request only."""
    assert site.get(f"/{kind}/fails" + query(key=key, how="exit")).status == 500
    assert site.get(f"/{kind}/hello").body == b"hello"
    site.await_finished(key)


def test_a_view_that_was_cancelled_although_somebody_listens(site, key) -> None:
    assert site.get(f"/async/cancels_itself?key={key}").status == 500
    site.await_finished(key)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", ["sync_stream", "async_stream"])
def test_the_end_of_a_stream(site, key, kind, stream) -> None:
    client = site.begin(f"/{kind}/{stream}" + query(key=key, how="gated", gate=key))
    assert client.head().status == 200
    assert client.chunk() == b"first "
    assert FINISHED not in site.journal(key)
    site.open(key)
    assert client.chunk() == b"second"
    assert client.chunk() == b""
    noted = site.await_finished(key)
    assert noted[-2:] == ["closed", FINISHED]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", ["sync_stream", "async_stream"])
def test_a_stream_that_breaks_off(site, key, kind, stream) -> None:
    client = site.begin(f"/{kind}/{stream}" + query(key=key, how="raises"))
    with pytest.raises(Truncated):
        client.answer()
    noted = site.await_finished(key)
    assert noted[-2:] == ["closed", FINISHED]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", ["sync_stream", "async_stream"])
def test_a_stream_that_is_left(site, key, kind, stream) -> None:
    client = site.begin(f"/{kind}/{stream}" + query(key=key, how="endless"), receive_buffer=65536)
    client.head()
    client.chunk()
    client.close()
    noted = site.await_finished(key)
    assert noted.count("closed") == 1


def test_a_view_that_is_cancelled(site, key) -> None:
    client = site.begin("/async/waits" + query(key=key, gate=key))
    site.await_noted(key, "waits")
    client.close()
    noted = site.await_finished(key)
    assert noted[-2:] == ["cleaned up", FINISHED]
    assert FAILED not in noted


def test_a_sync_view_is_not_cancelled(site, key) -> None:
    client = site.begin("/sync/waits" + query(key=key, gate=key))
    site.await_noted(key, "waits")
    client.close()
    site.open(key)
    assert site.await_finished(key)[-4:] == ["went on", "inner.response", "marks.response", FINISHED]


def test_a_view_that_answers_although_it_was_cancelled(site, key) -> None:
    client = site.begin("/async/stubborn" + query(key=key, gate=key))
    site.await_noted(key, "waits")
    client.close()
    assert site.await_finished(key)[-4:] == ["cancelled", "inner.response", "marks.response", FINISHED]


@pytest.mark.parametrize("kind", KINDS)
def test_files(site, key, kind) -> None:
    assert len(site.get(f"/{kind}/file" + query(key=key, size=300_000)).body) == 300_000
    assert site.await_finished(key)[-2:] == ["closed", FINISHED]
