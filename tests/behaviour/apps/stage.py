"""The stage that the applications of the behaviour suite stand on; ``app`` picks one by the first part of the path.

They run in the server under test. What they want to be known of goes into the journal, under the key that the
request's query names; ``/journal?KEY`` tells it. ``/open?KEY`` opens the gate that an application waits at.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

Environ = dict[str, Any]
TEXT = [("Content-Type", "text/plain")]
MEGABYTE = b"m" * 1024 * 1024

journal: dict[str, list[Any]] = defaultdict(list)
gates: dict[str, threading.Event] = defaultdict(threading.Event)
apps: dict[str, Callable[..., Any]] = {}


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    apps[function.__name__] = function
    return function


def app(environ: Environ, start_response: Any) -> Any:
    return apps[environ["PATH_INFO"].split("/")[1]](environ, start_response)


def note(environ: Environ, what: object) -> None:
    journal[environ["QUERY_STRING"]].append(what)


class Noted:
    """An iterable that notes that it was closed."""

    def __init__(self, environ: Environ, pieces: Any) -> None:
        self._environ = environ
        self._pieces = iter(pieces)

    def __iter__(self) -> Noted:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        note(self._environ, "closed")


def told(start_response: Any, what: object) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(what).encode()]
