"""What is particular to the store in memory: its bounds by bytes, and what it does not forget to forget."""

from __future__ import annotations

import pytest

from hendrix.cache.entry import Fork
from hendrix.cache.journal import SharedJournal
from hendrix.cache.purges import labels_of, purge_all, purge_prefix, purge_tag
from hendrix.cache.store.memory import MemoryStore
from tests.cache.stage import entry

LIMIT = 400_000


@pytest.fixture
def journal(tmp_path) -> SharedJournal:
    return SharedJournal(str(tmp_path / "journal"))


@pytest.fixture
def store(journal) -> MemoryStore:
    return MemoryStore(LIMIT, journal)


def page(number: int, size: int = 1000, *tags: bytes, **more):
    path = b"/%d" % number
    labels = labels_of(b"example.org", path, b"", tags)
    body = {"identity": b"x" * size}
    return entry(key=path, place=b"example.org" + path, labels=labels, bodies=body, **more)


def test_what_was_not_used_longest_goes_first(store) -> None:
    for number in range(100):
        store.put(page(number, 5000))
        store.get(b"/0")
    assert store.get(b"/0") is not None
    assert store.get(b"/1") is None
    assert store.counts().evicted > 0


def test_a_flood_stays_within_the_limit(store) -> None:
    for number in range(20_000):
        store.put(page(number, number % 100, b"tag%d" % number))
        assert store.counts().size <= LIMIT
    store.get(b"/")
    assert store.counts().entries * 1024 <= LIMIT
    assert len(store._labels) <= store.counts().entries * 3


def test_what_a_variant_was_asked_with_counts() -> None:
    """Whoever floods a cache chooses the values of fields that Vary names."""
    long = page(1, vary=((b"accept-language", b"x" * 30_000),))
    assert long.size >= page(1).size + 30_000


def test_forks_count(store) -> None:
    for number in range(5_000):
        store.put(Fork(b"/%d" % number, ((b"cookie",),)))
    assert store.counts().size <= LIMIT


def test_one_that_would_take_it_all_is_refused(store) -> None:
    assert not store.put(page(1, LIMIT // 2))
    assert store.put(page(1, LIMIT // 10))


def test_what_replaces_another_is_counted_once(store) -> None:
    for _ in range(100):
        store.put(page(1, 1000))
    assert store.counts().entries == 1
    assert store.counts().size == page(1, 1000).size


def test_codings_that_are_added_count(store) -> None:
    kept = page(1, 1000)
    store.put(kept)
    before = store.counts().size
    store.amend(kept, "br", b"y" * 500)
    assert store.counts().size >= before + 500
    store.remove(b"/1")
    assert store.counts().size == 0


def test_a_purge_counts_what_it_means(store) -> None:
    store.put(page(1))
    store.put(page(12))
    store.put(page(2, 1000, b"news"))
    store.put(Fork(b"/1f", ((b"cookie",),)))
    assert store.purge(purge_prefix(b"/1")) == 2
    assert store.purge(purge_tag(b"news")) == 1
    assert store.get(b"/2") is None
    assert store.purge(purge_all()) == 0


def test_a_worker_that_slept_through_too_many_purges_begins_anew(store, journal) -> None:
    store.put(page(1))
    for number in range(10_000):
        journal.note(purge_tag(b"%d" % number))
    assert store.get(b"/1") is None
    assert store.counts().size == 0


def test_what_was_asked_for_before_a_purge_is_not_kept_after(store, journal) -> None:
    ticket = journal.generation
    store.purge(purge_tag(b"news"))
    assert not store.put(page(1, 10, b"news", ticket=ticket))
    assert store.put(page(2, 10, b"other", ticket=ticket))
    assert store.put(page(1, 10, b"news", ticket=journal.generation))


def test_the_process_does_not_grow_past_what_is_counted(tmp_path) -> None:
    """What an entry takes besides its bytes is counted. ``python -m tests.cache.flood`` does this at length."""
    import subprocess
    import sys
    from pathlib import Path

    code = (
        "import sys; from tests.cache.flood import flood; "
        "sys.exit(flood(40_000, 16 << 20, sys.argv[1]) > (16 << 20) * 5 // 4)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[2])
    assert done.returncode == 0
