"""``after_response(function, *args)``: run it when the response of the request at hand has been sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from hendrix.core.errors import BackgroundFull
from hendrix.tasks import duties, requests
from hendrix.tasks.crew import crew
from hendrix.tasks.duty import Duty, on_a_loop

P = ParamSpec("P")


def after_response(function: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
    """Call ``function(*args, **kwargs)`` in a thread, once the response has been sent; await it if it is async.

    Whatever the response's status is. Calls of one request run one after the other, in their order. Outside of a
    request, and where its response has been sent already, it is begun at once, in a thread as well.
    """
    follow(Duty(function, args, kwargs))


def follow(duty: Duty) -> None:
    """The response of the request at hand, or nothing, where there is none."""
    requests.notice()
    if not duties.add(duty):
        begin(duty)


def begin(duty: Duty) -> None:
    """At once, in a thread; in this one where too much waits already. Raises ``BackgroundFull`` on a loop."""
    if duty.spawn is not None:
        duty.spawn(duty.run)
    elif crew.reserve():
        crew.put([duty.name], duty.run)
    elif on_a_loop():
        raise BackgroundFull(f"{duty.name} is not run: {crew.limit} other calls wait (--background-queue)")
    else:
        duty.run()


requests.listen()
