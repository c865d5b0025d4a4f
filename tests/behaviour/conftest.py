"""One server for all cases that leave it as it was."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.client import Client
from tests.kit.ends import ends_of_lists
from tests.kit.live import Server, serve, serve_django, until

APPS = Path(__file__).parent / "apps"
_keys = itertools.count(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("HENDRIX_TEST_HTTPS"):
        ends_of_lists(config, items)


class Stage:
    """The suite's server, with its journal and gates."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = server.client

    def journal(self, key: str) -> list[Any]:
        """What the applications have noted under ``key``."""
        with self.client() as client:
            return json.loads(client.get(f"/journal?{key}").body)

    def open(self, key: str) -> None:
        """Let the application that waits at the gate ``key`` go on."""
        with self.client() as client:
            client.get(f"/open?{key}")

    def await_noted(self, key: str, what: object) -> list[Any]:
        """Wait until ``what`` is noted under ``key``."""
        until(lambda: what in self.journal(key), f"{what!r} in the journal")
        return self.journal(key)

    def await_closed(self, key: str) -> None:
        """Wait until the iterable of ``key`` was closed; it must have been once."""
        assert self.await_noted(key, "closed").count("closed") == 1


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    options = ("--graceful-timeout", "5", "--client-max-body-size", "8MB", "--slow-request", "0")
    with serve("suite:app", *options, directory=APPS) as server:
        yield Stage(server)


@pytest.fixture(scope="session")
def asgi() -> Iterator[Stage]:
    """The same for the ASGI applications."""
    options = ("--graceful-timeout", "5", "--client-max-body-size", "8MB", "--ws-max-size", "1MB")
    with serve("asgi_suite:app", *options, directory=APPS, kind="asgi") as server:
        yield Stage(server)
    assert "the lifespan ended" in server.last_output


@pytest.fixture
def client(stage: Stage) -> Iterator[Client]:
    with stage.client() as client:
        yield client


@pytest.fixture
def key() -> str:
    """A key of the journal that no other test uses."""
    return f"key{next(_keys)}"


@pytest.fixture
def logged(stage: Stage) -> Callable[[str], str]:
    """Wait until a text is in the log of this test: ``logged("application.failed")`` returns that log."""
    since = stage.server.mark()
    return lambda text: stage.server.await_log(text, since)


@pytest.fixture(scope="session")
def site() -> Iterator[Any]:
    """The Django project, with the settings that it has."""
    from tests.behaviour import django_stage

    with tempfile.TemporaryDirectory(prefix="hx-") as folder:
        database = f"{folder}/db.sqlite3"
        make_tables(database)
        with django_stage.site(database=database) as served:
            yield served


@pytest.fixture(scope="session")
def debug_site() -> Iterator[Any]:
    """The same with ``DEBUG``."""
    from tests.behaviour import django_stage

    with django_stage.site(DEBUG=True) as served:
        yield served


def make_tables(database: str) -> None:
    """Of the project's models, in a new SQLite file."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE project_word (id integer PRIMARY KEY AUTOINCREMENT, text varchar(50))")
        connection.commit()


class Beside:
    """A Django project with resources of twisted.web, files that one of them serves, and an upstream for another."""

    def __init__(self, server: Server, files: Path) -> None:
        self.server = server
        self.client = server.client
        self.files = files

    def journal(self, key: str) -> list[Any]:
        """What resources have noted under ``key``."""
        with self.client() as client:
            return json.loads(client.get(f"/res/journal?key={key}").body)

    def await_noted(self, key: str, what: object) -> list[Any]:
        """Wait until ``what`` is noted under ``key``."""
        until(lambda: what in self.journal(key), f"{what!r} in the journal")
        return self.journal(key)


@pytest.fixture(scope="session")
def beside() -> Iterator[Beside]:
    options = ("--graceful-timeout", "5", "--client-max-body-size", "8MB", "--access-log", "combined")
    with tempfile.TemporaryDirectory(prefix="hx-") as folder, serve("suite:app", directory=APPS) as upstream:
        facts = {"BESIDE_FILES": folder, "BESIDE_UPSTREAM": str(upstream.port)}
        with serve_django("beside.settings", *options, directory=APPS, **facts) as server:
            yield Beside(server, Path(folder))
