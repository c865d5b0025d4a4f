"""The old way to look at what follows a response."""

from __future__ import annotations

from hendrix.core.errors import NoResponse
from hendrix.tasks import requests
from hendrix.tasks.duties import Duties, current

__all__ = ["get_response_for_thread", "get_tasks_to_follow_current_response"]


def get_response_for_thread(thread: object = None) -> Duties:
    """What stands for the response of the request at hand; a request is known by its context, not by its thread.

    Raises ``ThreadHasNoResponse`` where there is no request.
    """
    requests.notice()
    duties = current.get()
    if duties is None or duties.over:
        raise NoResponse("no response follows from here: this is not within a request")
    return duties


def get_tasks_to_follow_current_response(thread: object = None) -> Duties:
    """What follows it so far: an entry's ``function`` is the function."""
    return get_response_for_thread(thread)
