"""The Django project of the suites ``test_django_*``, served."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.behaviour.conftest import APPS
from tests.kit.client import Answer, Client
from tests.kit.live import Server, serve, until

_keys = itertools.count(1)


class Site:
    """A server, with the project's journal and gates."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = server.client

    def get(self, path: str, *lines: str) -> Answer:
        """On a connection of its own."""
        with self.client() as client:
            return client.get(path, *lines)

    def read(self, path: str) -> Any:
        """The JSON that is answered."""
        answer = self.get(path)
        assert answer.status == 200, answer.text
        return json.loads(answer.body)

    def begin(self, path: str, **options: Any) -> Client:
        """Send a request only."""
        client = self.client(**options)
        client.begin("GET", path)
        return client

    def journal(self, key: str) -> list[str]:
        """What was noted under ``key``."""
        return self.read(f"/journal?of={key}")

    def open(self, key: str) -> None:
        """Open the gate ``key``."""
        self.get(f"/open?of={key}")

    def await_noted(self, key: str, what: str, seconds: float = 20.0) -> list[str]:
        """Wait until ``what`` is noted under ``key``; return all that is."""
        until(lambda: what in self.journal(key), f"{what!r} in the journal", seconds)
        return self.journal(key)

    def await_finished(self, key: str, seconds: float = 20.0) -> list[str]:
        """Wait until the request is over: started once, finished once."""
        noted = self.await_noted(key, "finished by Handler", seconds)
        assert noted.count("started by Handler") == noted.count("finished by Handler") == 1, noted
        return noted


@contextlib.contextmanager
def site(*options: str, database: str = ":memory:", **settings: Any) -> Iterator[Site]:
    """Serve the project with ``settings``."""
    environ = {"SITE": json.dumps(settings), "SITE_DATABASE": database}
    words = ("--slow-request", "0", "--graceful-timeout", "5", *options)
    with serve("project.settings", *words, directory=APPS, environ=environ, kind="settings") as server:
        yield Site(server)


def new_key() -> str:
    """A key of the journal that no other test uses."""
    return f"key{next(_keys)}"


def query(**values: object) -> str:
    """As a query string; double underscores in names stand for dots."""
    return "?" + "&".join(f"{name.replace('__', '.')}={quote(str(value))}" for name, value in values.items())
