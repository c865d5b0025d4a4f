"""Recent errors, as a worker notes them for who looks: with no secret of a query."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hendrix.core import events, redact
from hendrix.core.control import Look
from hendrix.core.events import ERROR, emit
from hendrix.worker.looking import Looking


@pytest.fixture
def looking() -> Iterator[Looking]:
    engine: Any = SimpleNamespace(
        site=SimpleNamespace(connections=()), tasks={}, threads=SimpleNamespace(slots={}), metrics=None
    )
    found = Looking(engine, None)
    yield found
    events.forget(found._on_event)


def errors(looking: Looking) -> list[dict[str, Any]]:
    return list(looking.answer(Look(1, {}), 0.0).facts["errors"])


def test_the_query_of_a_request_that_failed(looking: Looking) -> None:
    redact.learn(["card"])
    emit("application.failed", ERROR, request="GET /in?token=hunter2&card=4111&page=2", id="r-1", exc=KeyError("x"))
    redact.learn([])
    (found,) = errors(looking)
    assert found["request"] == "GET /in?token=***&card=***&page=2"
    assert (found["error"], found["id"]) == ("KeyError", "r-1")


def test_what_django_says_of_a_path(looking: Looking) -> None:
    request = SimpleNamespace(method="GET", path="/a?token=x y\n", META={"HTTP_X_REQUEST_ID": "r-2"})
    looking._id_key = "HTTP_X_REQUEST_ID"
    try:
        raise ValueError("bad")
    except ValueError:
        looking._on_exception(None, request)
    (found,) = errors(looking)
    assert found["request"] == "GET /a%3Ftoken=x y%0A", "a path with a question mark in it is a path"
    assert (found["error"], found["id"]) == ("ValueError", "r-2")
