"""The shared store among real processes: some are killed in the middle of whatever they do, others purge."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest

from hendrix.cache.entry import Entry
from hendrix.cache.journal import SharedJournal
from hendrix.cache.purges import labels_of, purge_tag
from hendrix.cache.store.leases import Leases
from hendrix.cache.store.shared import SharedStore
from hendrix.core.clock import steady

LIMIT = 4 << 20
KEYS = 300
_fork = multiprocessing.get_context("fork")


@pytest.fixture
def words() -> memoryview:
    """Numbers that all processes share."""
    return memoryview(mmap.mmap(-1, 4096)).cast("Q")


@pytest.fixture
def crowd() -> Iterator[Callable[..., multiprocessing.Process]]:
    started: list[multiprocessing.Process] = []

    def start(work: Callable[..., None], *args: object) -> multiprocessing.Process:
        process = _fork.Process(target=work, args=args, daemon=True)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()


def opened(folder: str) -> SharedStore:
    return SharedStore(folder, LIMIT, SharedJournal(f"{folder}/journal"), 4)


def entry(key: bytes, body: bytes, ticket: int = 0) -> Entry:
    return Entry(
        key,
        b"http://h/" + key,
        "200 OK",
        [("Content-Type", "text/plain")],
        {"identity": body},
        steady(),
        600.0,
        labels=labels_of(b"h", b"/" + key, b"", [b"all"]),
        place=b"h/" + key,
        ticket=ticket,
    )


def body_of(key: bytes, chance: random.Random) -> bytes:
    """One that tells whether it is whole, and whose."""
    filling = chance.randbytes(chance.choice([0, 50, 2000, 30_000, 200_000]))
    return sha256(key + filling).digest() + filling


def is_whole(found: Entry, key: bytes) -> bool:
    body = found.bodies["identity"]
    return found.key == key and sha256(key + body[32:]).digest() == body[:32]


def hammer(folder: str, seed: int, words: memoryview) -> None:
    """Use the store in every way. ``words``: rounds, and faults that were seen."""
    store, chance = opened(folder), random.Random(seed)
    while True:
        key = b"%d" % chance.randrange(KEYS)
        turn = chance.random()
        if turn < 0.55:
            found = store.get(key)
            words[1] += isinstance(found, Entry) and not is_whole(found, key)
        elif turn < 0.9:
            store.put(entry(key, body_of(key, chance), store._journal.generation))
        elif turn < 0.95:
            store.fetch(key, 0.05, lambda *_: None)
        elif turn < 0.99:
            store.remove(key)
        else:
            store.purge(purge_tag(b"tag-%d" % chance.randrange(5)))
        words[1] += store.counts().size > LIMIT
        words[0] += 1


def test_processes_that_are_killed_leave_it_whole(tmp_path, words, crowd) -> None:
    folder, seed = str(tmp_path), 0
    victims = [crowd(hammer, folder, seed := seed + 1, words) for _ in range(4)]
    chance = random.Random(5)
    for _ in range(30):
        time.sleep(chance.uniform(0.01, 0.06))
        victim = victims.pop(0)
        victim.kill()
        victim.join()
        victims.append(crowd(hammer, folder, seed := seed + 1, words))
    before = words[0]
    # Those that are left are not held up by what the killed have left locked.
    until = time.monotonic() + 10.0
    while words[0] < before + 200:
        assert time.monotonic() < until
        time.sleep(0.01)
    for victim in victims:
        victim.kill()
        victim.join()
    assert words[1] == 0
    store = opened(folder)
    assert all(is_whole(found, found.key) for found in store.listing(10_000))
    for number in range(2000):
        key = b"after-%d" % number
        assert store.put(entry(key, b"x" * 5000, store._journal.generation))
        assert store.get(key) is not None
    assert store.counts().size <= LIMIT
    assert os.stat(store._log.file.path).st_size <= LIMIT


def make_and_read(folder: str, words: memoryview) -> None:
    """Views that read ``words[0]``, and requests that must not see less than ``words[1]``, what was purged last."""
    store = opened(folder)
    while True:
        promised = words[1]
        found = store.get(b"page")
        if isinstance(found, Entry):
            words[2] += int(found.bodies["identity"]) < promised
            words[4] += 1
        ticket = store._journal.generation
        version = words[0]
        store.put(entry(b"page", b"%d" % version, ticket))
        words[3] += 1


def test_after_a_purge_no_process_gives_what_was_before(tmp_path, words, crowd) -> None:
    folder = str(tmp_path)
    store = opened(folder)
    readers = [crowd(make_and_read, folder, words) for _ in range(3)]
    until = time.monotonic() + 5.0
    while time.monotonic() < until:
        words[0] += 1
        store.purge(purge_tag(b"all"))
        words[1] = words[0]
        found = store.get(b"page")
        assert found is None or int(found.bodies["identity"]) >= words[1]
    for reader in readers:
        reader.kill()
        reader.join()
    assert words[2] == 0
    assert words[1] > 100
    assert words[3] > 1000
    assert words[4] > 100, "there is something to be seen"


def hold(path: str, words: memoryview) -> None:
    Leases(path, steady).claim(7, 1000.0)
    words[0] = 1
    time.sleep(1000)


def test_a_claim_ends_with_its_holder(tmp_path, words, crowd) -> None:
    path = str(tmp_path / "leases")
    mine = Leases(path, steady)
    holder = crowd(hold, path, words)
    while not words[0]:
        time.sleep(0.005)
    assert not mine.claim(7, 10.0)
    holder.kill()
    holder.join()
    assert mine.claim(7, 10.0)
    assert len(list(tmp_path.glob("leases.*"))) == 1, "what the dead leave is swept away"


def compete(path: str, words: memoryview, me: int) -> None:
    """Whoever has the claim is alone."""
    leases = Leases(path, steady)
    for _ in range(4000):
        if leases.claim(7, 10.0):
            words[1] += words[2] != 0
            words[2] = me
            words[1] += words[2] != me
            words[2] = 0
            words[3 + me] += 1
            leases.release(7)


def test_one_of_many_has_the_claim(tmp_path, words, crowd) -> None:
    crowded = [crowd(compete, str(tmp_path / "leases"), words, me) for me in range(1, 4)]
    for process in crowded:
        process.join()
        assert process.exitcode == 0
    assert words[1] == 0
    assert all(words[3 + me] > 0 for me in range(1, 4))
