"""The filter for a project's logging."""

from __future__ import annotations

import logging
import threading
from contextvars import copy_context

from hendrix.core.request_id import named
from hendrix.logging import RequestIdFilter, request_id
from hendrix.tasks.duties import Duties, current


def record(**extra: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": "x", **extra})


def filtered(given: logging.LogRecord | None = None, **options: str) -> str:
    found = given or record()
    assert RequestIdFilter(**options).filter(found), "it drops nothing"
    return str(found.__dict__["request_id"])


def test_outside_there_is_none() -> None:
    assert filtered() == "-"
    assert filtered(default="none") == "none"
    assert request_id() == ""


def test_within_a_request() -> None:
    def within() -> None:
        current.set(Duties(True, "abc"))
        assert filtered() == request_id() == "abc"

    copy_context().run(within)


def test_who_names_it_is_right() -> None:
    """An ASGI application: what Django's own handler then sets knows no id."""

    def within() -> None:
        named.set("abc")
        current.set(Duties(False))
        assert filtered() == "abc"

    copy_context().run(within)


def test_a_record_that_has_one_keeps_it() -> None:
    found = record(request_id="from the queue")
    thread = threading.Thread(target=filtered, args=(found,))
    thread.start()
    thread.join()
    assert found.__dict__["request_id"] == "from the queue"
