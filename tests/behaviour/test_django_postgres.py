"""Database connections (ref/databases.html "persistent connections", "connection pool") on a real PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.behaviour import django_stage
from tests.behaviour.django_stage import Site, new_key, query
from tests.kit.live import until
from tests.kit.postgres import Unavailable, postgres

psycopg = pytest.importorskip("psycopg")
pytest.importorskip("psycopg_pool")

THREADS = 4
#: Of the pool.
MOST = 3
MODES: dict[str, dict[str, Any]] = {
    "closed": {"CONN_MAX_AGE": 0},
    "minute": {"CONN_MAX_AGE": 60},
    "forever": {"CONN_MAX_AGE": None},
    "pool": {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": {"min_size": 1, "max_size": MOST, "timeout": 10}}},
}
PERSISTENT = ("minute", "forever")


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    try:
        with postgres() as folder:
            with psycopg.connect(host=folder, user="postgres", autocommit=True) as connection:
                connection.execute("CREATE TABLE project_word (id serial PRIMARY KEY, text varchar(50))")
            yield folder
    except Unavailable as reason:
        pytest.skip(str(reason))


class Database(Site):
    """A server whose connections can be counted."""

    def __init__(self, site: Site, mode: str, folder: str) -> None:
        super().__init__(site.server)
        self.mode = mode
        self._folder = folder

    def connections(self) -> list[tuple[int, str]]:
        """Process and state of each."""
        with psycopg.connect(host=self._folder, user="postgres") as connection:
            wanted = "SELECT pid, state FROM pg_stat_activity WHERE application_name = %s"
            return connection.execute(wanted, [self.mode]).fetchall()

    def end_all(self) -> None:
        """As a restart of the database does."""
        with psycopg.connect(host=self._folder, user="postgres") as connection:
            wanted = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
            connection.execute(wanted, [self.mode])


@contextlib.contextmanager
def served(mode: str, folder: str) -> Iterator[Database]:
    facts = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": folder}
    options = {"application_name": mode, **MODES[mode].get("OPTIONS", {})}
    database = {**facts, **MODES[mode], "OPTIONS": options}
    names = ["project.middleware.Marks", "project.connections.Tenant"]
    with django_stage.site("--threads", str(THREADS), DATABASES={"default": database}, MIDDLEWARE=names) as site:
        yield Database(site, mode, folder)


@pytest.fixture(scope="session", params=MODES)
def database(request, cluster) -> Iterator[Database]:
    with served(request.param, cluster) as found:
        yield found


@pytest.fixture
def key() -> str:
    return new_key()


def at_once(database: Database, paths: list[str]) -> list[Any]:
    """Ask for all of them in eight connections; the answers."""
    waiting, answers = list(reversed(paths)), []

    def work() -> None:
        with database.client() as client:
            while waiting:
                try:
                    path = waiting.pop()
                except IndexError:
                    return
                answers.append((path, client.get(path)))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(answers) == len(paths)
    return answers


def test_the_state_of_a_connection_follows_its_request(database) -> None:
    """With more requests than a pool has connections: those that wait must not keep others from giving theirs back."""
    paths = []
    for number in range(60):
        kind = ("sync", "async")[number % 2]
        paths.append(f"/{kind}/tenants" + query(key=new_key(), tenant=f"t{number}"))
    for path, answer in at_once(database, paths):
        tenant = path.rpartition("=")[2]
        assert answer.status == 200, answer.text
        assert set(json.loads(answer.body)) == {tenant}
        assert answer["X-Tenant"] == tenant
    assert database.journal("shared") == []


def test_none_is_leaked_and_none_is_shared(database) -> None:
    paths = []
    for number in range(80):
        kind = ("sync", "async")[number % 2]
        path = (
            f"/{kind}/words",
            "/async/at_once",
            f"/{kind}/async_stream",
            f"/{kind}/fails",
            "/sync/through_async",
            "/async/same_connection",
            f"/{kind}/sync_stream",
        )[number % 7]
        paths.append(path + query(key=new_key(), how="data" if "stream" in path else "error"))
    for path, answer in at_once(database, paths):
        assert answer.status == (500 if "/fails" in path else 200), (path, answer.text)
    assert database.journal("shared") == []
    most = {"closed": 0, "pool": MOST}.get(database.mode, 3 * THREADS)
    until(lambda: len(database.connections()) <= most, f"at most {most} connections, not {database.connections()}")
    assert {state for _, state in database.connections()} <= {"idle"}


def test_kept_or_not(database) -> None:
    """One request after the other: one connection where they persist, a new one each time where not."""
    seen = [database.get(f"/{kind}/pid").text for _ in range(5) for kind in ("sync", "async", "async", "sync")]
    if database.mode in PERSISTENT:
        assert len(set(seen)) <= THREADS
        assert seen.count(max(set(seen), key=seen.count)) >= 10, seen
    elif database.mode == "closed":
        assert len(set(seen)) == len(seen)
    else:
        assert len(set(seen)) <= MOST


def test_long_streams_hold_no_connection(database, key) -> None:
    clients = [
        database.begin(f"/{kind}/long_stream" + query(key=f"{key}-{number}-{kind}", gate=key))
        for number in range(10)
        for kind in ("sync", "async")
    ]
    for client in clients:
        assert client.head().status == 200
        assert client.chunk() == b"first "
    most = {"closed": 0, "pool": MOST}.get(database.mode, 3 * THREADS)
    until(lambda: len(database.connections()) <= most, "the connections to be closed")
    database.get("/sync/stop" + query(gate=key))
    for client in clients:
        assert client.chunk().isdigit()
    assert database.journal("shared") == []


def test_a_transaction_of_an_async_view(database, key) -> None:
    paths = ["/async/transaction_over_pauses" + query(key=new_key(), text=f"{key}-{number}") for number in range(6)]
    for _, answer in at_once(database, paths):
        assert (answer.status, answer.text) == (200, "0")
    assert database.journal("shared") == []


def test_a_transaction_that_is_left_open_is_nobodys(database, key) -> None:
    assert database.get("/async/transaction_over_pauses" + query(text=key, leave=1)).status == 500
    for kind in ("sync", "async"):
        for _ in range(3):
            assert key not in database.read(f"/{kind}/words")
            assert database.get("/sync/in_autocommit").text == "True"
    until(lambda: {state for _, state in database.connections()} <= {"idle"}, "no transaction to be open")


def test_a_database_that_was_restarted(database) -> None:
    at_once(database, [f"/{kind}/words" for kind in ("sync", "async")] * 8)
    database.end_all()
    # A connection that fails is closed at the end of its request (Django): each fails once at the most.
    until(
        lambda: (
            {answer.status for _, answer in at_once(database, [f"/{kind}/words" for kind in ("sync", "async")] * 8)}
            == {200}
        ),
        "all requests to work again",
    )
