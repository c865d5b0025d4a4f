"""What ``short_task`` and ``long_task`` do: run a function in a thread, and tell a client of its begin and end.

The thread is one of those of ``hendrix.after_response``: there are a few, and a worker that leaves waits for them.

Reserved names among the keyword arguments: ``hxrecipient`` (an address), ``hxmessage``, ``hxsubject_id`` and
``hxcallbacks`` (called with the result, one after the other).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import close_old_connections

from hendrix.contrib.concurrency.messaging import send_json_message
from hendrix.contrib.concurrency.signals import long_task, short_task
from hendrix.core.events import ERROR, emit
from hendrix.tasks.after_response import begin
from hendrix.tasks.duty import Duty


def listen() -> None:
    """From now on the signals have somebody who listens."""
    for signal in (short_task, long_task):
        signal.connect(_on_task, dispatch_uid="hendrix.contrib.concurrency.tasks")


def _on_task(sender: Any, args: Any = (), kwargs: dict[str, Any] | None = None, **_: Any) -> None:
    function, *rest = args
    given = tuple(rest[0]) if rest else ()

    @wraps(function)
    def work() -> None:
        _run(function, given, dict(kwargs or {}))

    begin(Duty(work))


def _run(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    recipient, message = kwargs.pop("hxrecipient", None), kwargs.pop("hxmessage", "")
    subject = kwargs.pop("hxsubject_id", None) or recipient
    callbacks = kwargs.pop("hxcallbacks", ())
    close_old_connections()
    try:
        if recipient:
            send_json_message(recipient, "starting...", subject_id=subject, clear=True)
        result = function(*args, **kwargs)
        for callback in callbacks:
            result = callback(result)
        if recipient:
            send_json_message(recipient, message, subject_id=subject, result=result)
    except Exception as error:
        emit("application.failed", ERROR, request=f"task {getattr(function, '__qualname__', function)}", exc=error)
        if recipient:
            send_json_message(recipient, message, subject_id=subject, error=str(error))
    finally:
        close_old_connections()


listen()
