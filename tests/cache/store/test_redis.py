"""What is particular to the store in Redis: several machines, and a server that is away, silent or empty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from hendrix.cache.purges import purge_all, purge_prefix, purge_tag, purge_url
from hendrix.cache.store.line import PATIENCE, Line
from hendrix.core import events
from hendrix.core.clock import steady
from hendrix.core.errors import UsageError
from tests.cache.store.machine import Machine
from tests.cache.store.stage import LIMIT

PURGES = {
    "URL": purge_url(b"/news/1"),
    "tag": purge_tag(b"news"),
    "prefix": purge_prefix(b"/news/"),
    "prefix of a host": purge_prefix(b"example.org/ne"),
    "all": purge_all(),
}


@pytest.fixture
def machine(server, tmp_path, request) -> Iterator[Callable[[str], Machine]]:
    made: list[Machine] = []

    def make(name: str, site: str = "") -> Machine:
        loop, clock = (made[0].loop, made[0].clock) if made else (None, None)
        made.append(Machine(server.url, site or request.node.name, tmp_path / name, loop, clock))
        return made[-1]

    yield make
    for one in reversed(made):
        one.close()


@pytest.fixture
def told() -> Iterator[list[str]]:
    names: list[str] = []
    listener = lambda name, level, facts: names.append(name)  # noqa: E731
    events.listen(listener)
    yield names
    events.forget(listener)


def settle(*machines: Machine) -> None:
    for machine in machines:
        machine.turn()


# --- several machines --------------------------------------------------------------------------------------


def test_what_one_has_stored_the_other_has(machine) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    a.stage.fetch(one, b"k /a")
    entry = a.stage.entry("a", b"hello", tags=[b"x"], born=a.clock() - 20)
    a.stage.put(one, entry)
    found, ours = b.stage.fetch(two, b"k /a")
    assert a.stage.same(found, entry)
    assert not ours
    assert 20 <= found.age(b.clock()) < 25


def test_sites_do_not_know_each_other(machine) -> None:
    a, b = machine("a", "one"), machine("b", "two")
    one, two = a.open(), b.open()
    a.stage.fetch(one, b"k /a")
    a.stage.put(one, a.stage.entry("a"))
    assert b.stage.fetch(two, b"k /a") == (None, True)


@pytest.mark.parametrize("purge", PURGES.values(), ids=PURGES)
def test_a_purge_on_one_is_for_all(machine, purge) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    b.stage.fetch(two, b"k /news/1")
    b.stage.put(two, b.stage.entry("news/1", tags=[b"news"]))
    assert two.get(b"k /news/1") is not None
    one.purge(purge)
    assert b.stage.fetch(b.open(), b"k /news/1") == (None, True), "whoever asks has it at once"
    settle(a, b)
    assert two.get(b"k /news/1") is None


@pytest.mark.parametrize("purge", PURGES.values(), ids=PURGES)
def test_what_was_under_way_on_one_when_another_purged_is_refused(machine, purge) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    b.stage.fetch(two, b"k /news/1")
    entry = b.stage.entry("news/1", tags=[b"news"])
    one.purge(purge)
    two.put(entry)
    settle(a, b)
    assert two.get(b"k /news/1") is None
    assert b.stage.fetch(b.open(), b"k /news/1")[0] is None


def test_what_is_made_after_that_is_stored(machine) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    for round_ in range(5):
        one.purge(purge_tag(b"news"))
        settle(a, b)
        b.stage.fetch(two, b"k /news/1")
        b.stage.put(two, b.stage.entry("news/1", b"%d" % round_, tags=[b"news"]))
        found, _ = a.stage.fetch(one, b"k /news/1")
        assert found.bodies["identity"] == b"%d" % round_


def test_a_soft_purge_on_one_is_for_all(machine) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    b.stage.fetch(two, b"k /a")
    b.stage.put(two, b.stage.entry("a", tags=[b"x"], if_error=60.0))
    one.purge(purge_tag(b"x", soft=True))
    settle(a, b)
    assert two.get(b"k /a").soft
    found, ours = a.stage.fetch(one, b"k /a")
    assert found.soft
    assert ours, "it is to be renewed"


def test_one_machine_is_at_work(machine) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    assert a.stage.fetch(one, b"k /a") == (None, True)
    assert b.stage.fetch(two, b"k /a") == (None, False)


def test_a_claim_has_an_end(machine) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    a.stage.fetch(one, b"k /a", lease=0.05)
    deadline = time.monotonic() + 10
    while b.stage.fetch(two, b"k /a") != (None, True):
        assert time.monotonic() < deadline


def test_what_one_has_replaced_the_other_asks_for(machine) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    a.stage.fetch(one, b"k /a")
    a.stage.put(one, a.stage.entry("a", b"old"))
    b.stage.fetch(two, b"k /a")
    assert two.get(b"k /a").bodies["identity"] == b"old"
    a.stage.put(one, a.stage.entry("a", b"new"))
    settle(a, b)
    assert two.get(b"k /a") is None
    assert b.stage.fetch(two, b"k /a")[0].bodies["identity"] == b"new"


# --- faults ------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_an_empty_cache(tmp_path, told) -> None:
    machine = Machine(f"unix://{tmp_path}/nobody", "site", tmp_path / "journal")
    store = machine.open_deaf()
    assert machine.stage.fetch(store, b"k /a") == (None, True)
    assert not machine.stage.put(store, machine.stage.entry("a"))
    began = time.monotonic()
    for _ in range(200):
        assert machine.stage.fetch(store, b"k /a") == (None, True)
        store.purge(purge_tag(b"x"))
        store.release(b"k /a")
    assert time.monotonic() - began < 5.0
    assert told.count("cache.redis_away") == 1
    machine.close()


def test_a_server_that_says_nothing_holds_nobody_up(machine, server, told) -> None:
    a = machine("a")
    store = a.open()
    a.stage.fetch(store, b"k /a")
    a.stage.put(store, a.stage.entry("a"))
    server.freeze()
    try:
        began, answers = time.monotonic(), []
        for number in range(300):
            store.fetch(b"k /%d" % number, 5.0, lambda *found: answers.append(found))
        a.until(lambda: len(answers) == 300)
        assert set(answers) == {(None, True)}
        assert time.monotonic() - began < PATIENCE + 3.0
        began = time.monotonic()
        assert a.stage.fetch(store, b"k /again") == (None, True)
        assert time.monotonic() - began < 0.2, "it is not asked again for a while"
        a.until(lambda: store.get(b"k /a") is None)  # of what it cannot hear purges for it keeps nothing
    finally:
        server.go_on()
    assert told.count("cache.redis_away") == 1
    a.until(lambda: store._hears)
    assert told.count("cache.redis_back") == 1
    assert a.stage.fetch(store, b"k /a")[0] is not None


def test_the_loop_turns_while_a_server_says_nothing(machine, server) -> None:
    a = machine("a")
    store = a.open()
    server.freeze()
    try:

        async def turns() -> float:
            store.fetch(b"k /a", 5.0, lambda *_: None)
            store.put(a.stage.entry("a"))
            longest = 0.0
            end = time.monotonic() + 2 * PATIENCE
            while (now := time.monotonic()) < end:
                await asyncio.sleep(0.002)
                longest = max(longest, time.monotonic() - now)
            return longest

        assert a.loop.run_until_complete(turns()) < 0.35
    finally:
        server.go_on()
    a.until(lambda: store._hears)


def test_what_was_purged_while_it_was_away_is_purged(machine, server) -> None:
    a = machine("a")
    store = a.open()
    a.stage.fetch(store, b"k /a")
    a.stage.put(store, a.stage.entry("a", tags=[b"x"]))
    server.freeze()
    try:
        store.purge(purge_tag(b"x"))
    finally:
        server.go_on()
    # Another worker of the machine, which has not purged anything itself.
    assert a.stage.fetch(a.open(), b"k /a") == (None, True)


def test_what_another_process_here_has_purged_is_purged_there(machine) -> None:
    """A management command notes it in the journal, and leaves."""
    a, b = machine("a"), machine("b")
    a.open()
    two = b.open()
    b.stage.fetch(two, b"k /a")
    b.stage.put(two, b.stage.entry("a", tags=[b"x"]))
    a.journal.note(purge_tag(b"x"))
    b.until(lambda: two.get(b"k /a") is None)
    assert two._hears


def test_more_purges_than_the_journal_has_while_it_was_away(machine, server) -> None:
    a = machine("a")
    store = a.open()
    a.stage.fetch(store, b"k /a")
    a.stage.put(store, a.stage.entry("a", tags=[b"x"]))
    a.journal.note(purge_tag(b"x"))
    for number in range(1500):
        a.journal.note(purge_tag(b"%d" % number))
    assert a.stage.fetch(store, b"k /a") == (None, True)


def test_a_worker_that_comes_later_tells_nothing_twice(machine) -> None:
    a = machine("a")
    store = a.open()
    store.purge(purge_tag(b"x"))
    a.stage.fetch(store, b"k /a")
    a.stage.put(store, a.stage.entry("a", tags=[b"x"]))
    assert a.stage.fetch(a.open(), b"k /a")[0] is not None


def test_an_emptied_server_has_nothing_and_goes_on(machine, server) -> None:
    a, b = machine("a"), machine("b")
    one, two = a.open(), b.open()
    one.purge(purge_all())
    a.stage.fetch(one, b"k /a")
    a.stage.put(one, a.stage.entry("a"))
    with server.client() as client:
        client.flushall()
    assert b.stage.fetch(two, b"k /a") == (None, True)
    b.stage.put(two, b.stage.entry("a", b"again", tags=[b"x"]))
    assert a.stage.fetch(one, b"k /b") == (None, True)
    assert one.get(b"k /a") is None, "what it had from before is gone"
    assert a.stage.fetch(one, b"k /a")[0].bodies["identity"] == b"again"
    one.purge(purge_tag(b"x"))
    assert b.stage.fetch(two, b"k /c") == (None, True)
    settle(a, b)
    assert two.get(b"k /a") is None


@pytest.mark.parametrize("lost", ["journal", "hard", "soft", "prefixes"])
def test_when_it_has_lost_a_part_of_its_journal_nothing_of_before_counts(machine, server, lost) -> None:
    a = machine("a")
    store = a.open()
    a.stage.fetch(store, b"k /a")
    a.stage.put(store, a.stage.entry("a"))
    with server.client() as client:
        assert client.delete(f"{store._prefix}:{lost}")
    assert a.stage.fetch(a.open(), b"k /a") == (None, True)


def test_what_is_damaged_there_is_nothing(machine, server) -> None:
    a = machine("a")
    store = a.open()
    a.stage.fetch(store, b"k /a")
    a.stage.put(store, a.stage.entry("a"))
    with server.client() as client:
        client.hset(store._keys(b"k /a")[4], "data", b"E2 and no more")
    assert a.stage.fetch(a.open(), b"k /a") == (None, True)


def test_everything_there_has_an_end(machine, server) -> None:
    """So that what nobody uses any more leaves the server, whatever it does when it is full."""
    a = machine("a")
    store = a.open()
    a.stage.fetch(store, b"k /a")
    a.stage.put(store, a.stage.entry("a", lifetime=1e12))
    with server.client() as client:
        names = set(client.keys(f"{store._prefix}*".replace("[", "\\[").replace("]", "\\]")))
        endless = {name for name in names if client.pttl(name) < 0}
    assert len(names) > 4
    assert endless == {name.encode() for name in store._books}


def test_labels_past_its_bounds_count_as_purged(machine, server, monkeypatch) -> None:
    from hendrix.cache.store import redis as module

    monkeypatch.setattr(module, "TELL", module.TELL.replace("65536", "10"))
    a = machine("a")
    store = a.open()
    a.stage.fetch(store, b"k /a")
    a.stage.put(store, a.stage.entry("a", tags=[b"x"]))
    store.purge(purge_tag(b"x"))
    for number in range(30):
        store.purge(purge_tag(b"%d" % number))
    with server.client() as client:
        assert client.zcard(store._books[1]) == 11
    assert a.stage.fetch(a.open(), b"k /a") == (None, True)


# --- addresses ---------------------------------------------------------------------------------------------


def test_a_password_is_not_told(told) -> None:
    line = Line("redis://user:secret@cache.example.org:6380/2", steady)
    assert line.name == "redis://user@cache.example.org:6380/2"


@pytest.mark.parametrize("url", ["http://example.org", "redis://host:port/0", "nonsense"])
def test_what_is_no_address_stops_the_start(url) -> None:
    with pytest.raises(UsageError, match="is no address of a Redis server"):
        Line(url, steady)


def test_the_limit_is_of_the_front(machine) -> None:
    a = machine("a")
    store = a.open(LIMIT)
    assert store.counts().limit == LIMIT
