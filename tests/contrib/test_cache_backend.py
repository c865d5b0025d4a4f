"""An old backend behind the cache of today: it fills an empty memory, and never with what was purged."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, maybeDeferred

from hendrix.cache.entry import Entry
from hendrix.cache.journal import SharedJournal
from hendrix.cache.purges import labels_of, purge_tag, purge_url
from hendrix.cache.store.memory import MemoryStore
from hendrix.contrib.cache import CachedResource
from hendrix.contrib.cache.backends import CacheBackend
from hendrix.contrib.cache.store import BackendStore
from hendrix.core.clock import steady


class Backend(CacheBackend):
    def __init__(self) -> None:
        self._cache: dict[str, CachedResource] = {}

    @property
    def cache(self):
        return self._cache


class Machine:
    """A store with memory of its own, in front of a backend that outlives it."""

    def __init__(self, directory: str, backend: Backend) -> None:
        self.journal = SharedJournal(directory)
        self.store = BackendStore(MemoryStore(1 << 20, self.journal), backend, self.journal, maybeDeferred)

    def fetch(self, key: bytes):
        told: list = []
        self.store.fetch(key, 5.0, lambda stored, ours: told.append((stored, ours)))
        return told[0]


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def machines(tmp_path, backend):
    return Machine(str(tmp_path / "one"), backend), Machine(str(tmp_path / "two"), backend)


def page(path: bytes = b"/a", *tags: bytes) -> Entry:
    place = b"example.org" + path
    return Entry(
        key=b"http://" + place,
        url=b"http://" + place,
        status="200 OK",
        headers=[("Content-Type", "text/html"), ("Cache-Control", "max-age=60")],
        bodies={"identity": b"hello"},
        born=steady() - 10,
        lifetime=60.0,
        labels=labels_of(b"example.org", path, b"", tags),
        place=place,
    )


def test_what_one_has_stored_another_finds_at_its_age(machines, backend) -> None:
    one, two = machines
    kept = page()
    assert one.store.put(kept)
    found, ours = two.fetch(kept.key)
    assert not ours
    assert found.bodies == {"identity": b"hello"}
    assert abs(found.age(steady()) - 10) < 5
    assert two.store.get(kept.key) is found
    assert backend.getResource(kept.key.decode()).content == b"hello"


def test_what_is_nowhere_is_ours_to_make(machines) -> None:
    assert machines[0].fetch(b"http://example.org/x") == (None, True)


@pytest.mark.parametrize("purge", [purge_tag(b"news"), purge_url(b"/a")])
def test_a_purge_empties_the_backend_too(machines, backend, purge) -> None:
    one, two = machines
    one.store.put(page(b"/a", b"news"))
    one.store.put(page(b"/b"))
    assert one.store.purge(purge) == 2
    assert list(backend.cache) == ["http://example.org/b"]
    assert two.fetch(b"http://example.org/a") == (None, True)


@pytest.mark.parametrize("soft", [False, True])
def test_a_purge_of_one_worker_holds_for_the_backend_of_another(tmp_path, soft) -> None:
    """A backend in memory is of one worker alone, and nobody empties it for the others."""
    one, two = (Machine(str(tmp_path / "journal"), Backend()) for _ in range(2))
    two.store.put(page(b"/a", b"news"))
    two.store.put(page(b"/b"))
    one.store.purge(purge_tag(b"news", soft=soft))
    two.store._near.remove(b"http://example.org/a")
    two.store._near.remove(b"http://example.org/b")
    found, ours = two.fetch(b"http://example.org/a")
    assert (found is None, ours) == (not soft, not soft)
    assert soft == (found is not None and found.soft)
    assert two.fetch(b"http://example.org/b")[0].bodies == {"identity": b"hello"}


def test_what_is_purged_on_its_way_to_the_backend_does_not_stay_there(tmp_path, backend) -> None:
    """It is written in a thread, which may come late."""
    later: list = []
    machine = Machine(str(tmp_path / "journal"), backend)
    machine.store._in_thread = lambda *work: later.append(work) or Deferred()
    machine.store.put(page(b"/a"))
    machine.store.purge(purge_url(b"/a"))
    for call, *words in later:
        call(*words)
    assert list(backend.cache) == []


def test_a_backend_that_fails_is_as_if_empty(machines, backend, monkeypatch) -> None:
    monkeypatch.setattr(backend, "getResource", lambda uri: 1 / 0)
    assert machines[0].fetch(b"http://example.org/a") == (None, True)


def test_a_backend_without_a_cache_says_what_to_do() -> None:
    with pytest.raises(NotImplementedError, match="give it one that returns a mapping"):
        CacheBackend().getResource("/a")


@pytest.mark.parametrize(
    ("uri", "found"),
    [("/a", ("/a", False)), ("/a?x=1", ("/a?x=1", True)), ("/a?x=1&cache=true", ("/a?x=1", False))],
)
def test_old_helpers(uri, found) -> None:
    assert CacheBackend().processURI(uri) == found


def test_old_resources() -> None:
    resource = CachedResource(b"x", {"Cache-Control": "public, max-age=60"})
    assert (resource.getMaxAge(), resource.isFresh(), resource.getLastModified()) == (60, True, None)
    assert not CachedResource(b"x", {"Cache-Control": "private"}).isFresh()
