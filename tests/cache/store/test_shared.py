"""The shared store by itself: what the index and the journal say to several workers, faults, and reloads."""

from __future__ import annotations

import os
import stat

import pytest

from hendrix.cache.journal import SharedJournal
from hendrix.cache.purges import purge_all, purge_tag
from hendrix.cache.store.shared import SharedStore
from hendrix.core import events
from tests.cache.store.stage import LIMIT, Clock, Stage


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def stage(folder):
    clock, opened, journal = Clock(), [], SharedJournal(str(folder / "journal"))

    def open_shared(limit: int = LIMIT) -> SharedStore:
        opened.append(SharedStore(str(folder), limit, SharedJournal(str(folder / "journal")), 2, clock))
        return opened[-1]

    yield Stage("shared", open_shared, lambda: journal, clock)
    for store in opened:
        store.close()


def test_another_worker_has_what_one_has_put(stage: Stage) -> None:
    one, two = stage.open(), stage.open()
    entry = stage.entry("a")
    one.put(entry)
    assert two.get(entry.key) == entry


def test_what_one_has_replaced_is_replaced_for_all(stage: Stage) -> None:
    one, two = stage.open(), stage.open()
    one.put(stage.entry("a", b"old"))
    assert two.get(b"k /a").bodies["identity"] == b"old"
    two.put(stage.entry("a", b"new"))
    assert one.get(b"k /a").bodies["identity"] == b"new"


def test_what_one_has_removed_is_gone_for_all(stage: Stage) -> None:
    one, two = stage.open(), stage.open()
    one.put(stage.entry("a"))
    two.get(b"k /a")
    one.remove(b"k /a")
    assert two.get(b"k /a") is None


def test_a_hit_gives_the_same_object_so_that_it_may_hold_what_was_made_of_it(stage: Stage) -> None:
    store = stage.open()
    store.put(stage.entry("a"))
    store.get(b"k /a").made = "ready"
    assert store.get(b"k /a").made == "ready"


def test_use_in_one_worker_keeps_it_for_all(stage: Stage) -> None:
    one, two = stage.open(), stage.open()
    one.put(stage.entry("used"))
    for number in range(2000):
        assert two.get(b"k /used") is not None
        one.put(stage.entry(f"p{number}", b"x" * 3000))


def test_a_purge_says_how_many(stage: Stage) -> None:
    store = stage.open()
    for number in range(10):
        store.put(stage.entry(f"p{number}", tags=[b"odd" if number % 2 else b"even"]))
    assert store.purge(purge_tag(b"odd")) == 5
    assert store.purge(purge_tag(b"odd")) == 0
    assert store.purge(purge_tag(b"even", soft=True)) == 5
    assert store.purge(purge_all()) == 5
    assert store.counts().entries == 0


def test_the_content_outlives_all_who_use_it(stage: Stage) -> None:
    store = stage.open()
    entry = stage.entry("a")
    store.put(entry)
    store.close()
    assert stage.open().get(entry.key) == entry


def test_a_purge_is_remembered_by_who_comes_later(stage: Stage) -> None:
    store = stage.open()
    entry = stage.entry("a", tags=[b"x"])
    store.purge(purge_tag(b"x"))
    assert not stage.open().put(entry)


def test_files_are_for_our_eyes_only(stage: Stage, folder) -> None:
    stage.open().fetch(b"k", 1.0, lambda *_: None)
    files = list(folder.iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_file_of_somebody_else_is_not_used(stage: Stage, folder) -> None:
    stage.open()
    for file in folder.iterdir():
        file.chmod(0o640)
    with pytest.raises(PermissionError):
        stage.open()


def test_a_symbolic_link_is_not_followed(folder, stage: Stage) -> None:
    os.symlink("/tmp/somewhere-else", folder / "leases-1")
    with pytest.raises(OSError):
        stage.open()


def test_another_size_begins_anew_and_leaves_nothing_behind(stage: Stage, folder) -> None:
    one = stage.open()
    one.put(stage.entry("a"))
    two = stage.open(2 * LIMIT)
    assert two.get(b"k /a") is None
    assert one.get(b"k /a") is not None
    assert len(list(folder.glob("log-*"))) == 1


def test_bytes_that_are_not_ours_are_nothing(stage: Stage) -> None:
    one, two = stage.open(), stage.open()
    for number in range(100):
        one.put(stage.entry(f"p{number}", b"x" * 1000))
    log = one._log
    log.file.bytes[log._base :] = os.urandom(len(log.file.bytes) - log._base)
    assert not any(two.get(b"k /p%d" % number) for number in range(100))
    for number in range(2000):
        assert one.put(stage.entry(f"q{number}", b"x" * 1000))
    assert two.get(b"k /q1999") is not None
    assert list(two.listing(5000))


def test_a_system_without_memory_is_told_once(stage: Stage, monkeypatch) -> None:
    told = []
    listener = lambda name, level, facts: told.append(name)  # noqa: E731
    events.listen(listener)
    try:
        store = stage.open()
        monkeypatch.setattr(store._log.file, "reserve", lambda start, count: False)
        assert not store.put(stage.entry("a"))
        assert not store.put(stage.entry("b"))
        assert store.get(b"k /a") is None
        assert told == ["cache.cannot_store"]
    finally:
        events.forget(listener)


def test_less_memory_than_wanted_makes_a_smaller_cache(stage: Stage, monkeypatch) -> None:
    store = stage.open(16 * LIMIT)
    reserve = store._log.file.reserve
    monkeypatch.setattr(
        store._log.file, "reserve", lambda start, count: start + count < 4 * LIMIT and reserve(start, count)
    )
    for number in range(1000):
        store.put(stage.entry(f"p{number}", b"x" * 10_000))
        assert store.get(b"k /p%d" % number) is not None
    assert store._log.size < 4 * LIMIT + 100_000
    assert sum(store.get(b"k /p%d" % number) is not None for number in range(1000)) > 150
