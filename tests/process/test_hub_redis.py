"""Relays of several machines on one Redis: one order, nothing lost, nothing twice, whatever dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time

import pytest

from hendrix.hub.caller import Caller
from hendrix.hub.link import Link
from hendrix.hub.local import Hub
from hendrix.hub.message import HubError
from tests.kit.hub import relay
from tests.kit.redis import Unavailable, redis_server

_names = (f"site{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def server():
    try:
        with redis_server() as running:
            yield running
    except Unavailable as reason:
        pytest.skip(f"no Redis: {reason}")


@contextlib.contextmanager
def machines(server, count=2):
    name = next(_names)
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(relay(hub=server.url, settings=name)) for _ in range(count)]


def run(coroutine, seconds=60):
    async def limited():
        async with asyncio.timeout(seconds):
            return await coroutine

    return asyncio.run(limited())


def hub_at(machine):
    """As a process of that machine has it."""
    loop = asyncio.get_running_loop()
    return Hub(loop, lambda hub: Link(machine.path, hub, loop))


async def hear(hub, topic, since=None):
    """What arrives, and the gaps; from now on."""
    heard, gaps, ready = [], [], asyncio.Event()
    hub.listen(topic, heard.append, gaps.append, lambda position: ready.set(), since)
    await ready.wait()
    return heard, gaps


async def say(hub, topic, data, **options):
    return await hub.publish(topic, json.dumps(data).encode(), binary=False, keep=None, **options)


async def until(condition, what):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


async def until_said(hub, topic, data):
    """Publishers that wait too long are told so; whoever wants to say it says it again."""
    while True:
        try:
            return await say(hub, topic, data)
        except HubError:
            await asyncio.sleep(0.1)


def test_one_order_on_all_machines_and_who_comes_later_has_the_history(server):
    async def scenario(paths):
        one, two = map(hub_at, paths)
        (first, _), (second, _) = await hear(one, "news"), await hear(two, "news")
        ids = await asyncio.gather(*(say((one, two)[n % 2], "news", n) for n in range(400)))
        await until(lambda: len(first) == len(second) == 400, "all on both machines")
        assert [(m.id, m.data) for m in first] == [(m.id, m.data) for m in second]
        assert [m.id for m in first] == sorted(ids)
        # Whoever was at one machine goes on at another, even at one that was not there when it was said.
        with relay(hub=server.url, settings=name) as third:
            later, gaps = await hear(hub_at(third), "news", since=first[349].id)
            await until(lambda: len(later) == 50, "what came since")
            assert [m.id for m in later] == [m.id for m in first[350:]] and not gaps

    name = next(_names)
    with relay(hub=server.url, settings=name) as one, relay(hub=server.url, settings=name) as two:
        run(scenario([one, two]))
        assert len(Caller(two.path).last("news", 1000)) == 100  # as --hub-history says


def test_killed_relays_lose_nothing_and_say_nothing_twice(server):
    async def scenario(here, there):
        one, two = hub_at(here), hub_at(there)
        heard, gaps = await hear(two, "news")
        confirmed, unsure = [], set()

        async def publish(first):
            for number in range(first, first + 200):
                try:
                    confirmed.append(await say(one, "news", number))
                except HubError:  # a busy machine had no relay for too long; it may have been delivered
                    unsure.add(number)

        async def kill():
            for machine in (here, there, here):
                await asyncio.sleep(0.2)
                machine.kill()

        await asyncio.gather(kill(), *(publish(first) for first in (0, 1000, 2000)))
        await until(lambda: gaps or set(confirmed) <= {m.id for m in heard}, "all of them")
        told = [m.data for m in heard]
        assert not gaps, (gaps, len(heard), len(confirmed))
        assert {*told, *unsure} == {*range(200), *range(1000, 1200), *range(2000, 2200)}
        assert len(told) == len(set(told))
        assert len(confirmed) > 300
        assert [m.id for m in heard] == sorted(m.id for m in heard)

    with machines(server) as both:
        run(scenario(*both))


def test_who_is_cut_off_before_the_first_message_misses_none_however_many_come_meanwhile(server):
    async def scenario(here, there):
        one, two = hub_at(here), hub_at(there)
        heard, gaps = await hear(two, "news")
        await one.members("room")  # its relay is there, which takes long on a busy machine
        there.be_without()
        try:
            ids = [await until_said(one, "news", number) for number in range(250)]
        finally:
            there.go_on()
        await until(lambda: gaps or set(ids) <= {m.id for m in heard}, "all of them")
        assert not gaps, (gaps, len(heard))
        assert [m.id for m in heard] == sorted(m.id for m in heard)

    with machines(server) as both:
        run(scenario(*both))


def test_while_redis_is_frozen_publishes_wait_and_then_fail_and_nothing_is_said_twice(server):
    async def scenario(here, there):
        one, two = hub_at(here), hub_at(there)
        heard, gaps = await hear(two, "news")
        await say(one, "news", "before")
        server.freeze()
        try:
            with pytest.raises(HubError, match="Redis at"):
                await say(one, "news", "lost or not, but once")
            assert [m.data for m in await one.last("news", 9)] == ["before"]  # what is known is still known
            waiting = asyncio.ensure_future(say(one, "news", "waits"))
            await asyncio.sleep(0.2)
        finally:
            server.go_on()
        await asyncio.wait([waiting])
        await until_said(one, "news", "after")
        await until(lambda: heard and heard[-1].data == "after", "what was said after")
        told = [m.data for m in heard]
        assert len(told) == len(set(told)) and told[0] == "before" and not gaps
        assert ("waits" in told) or waiting.exception()

    with machines(server) as both:
        run(scenario(*both))


def test_a_redis_that_was_emptied_is_a_gap_and_ids_still_grow(server):
    async def scenario(here, there):
        one, two = hub_at(here), hub_at(there)
        heard, gaps = await hear(two, "news")
        before = await say(one, "news", "before")
        server.stop()
        server.start()
        after = await until_said(one, "news", "after")
        assert after > before
        await until(lambda: gaps and heard[-1].data in ("after", "again"), "the gap, and what came after")
        await until_said(two, "news", "again")
        await until(lambda: heard[-1].data == "again", "what came after that")
        ids = [m.id for m in heard]
        assert ids == sorted(set(ids))

    with machines(server) as both:
        run(scenario(*both))


def test_presence_over_machines_and_the_lease_of_one_that_is_gone(server):
    async def scenario(here, there):
        one, two = hub_at(here), hub_at(there)
        one.join("room", "jimi", {"plays": "guitar"})
        two.join("room", "noel")
        for hub in (one, two):
            await until_members(hub, {"jimi": {"plays": "guitar"}, "noel": None})
        changes = []
        two.watch("room", changes.append)
        one.join("room", "mitch")
        await until(lambda: any(c.member == "mitch" and c.joined for c in changes), "mitch is announced")
        one.leave("room", "mitch")
        await until(lambda: any(c.member == "mitch" and not c.joined for c in changes), "mitch leaves")
        here.kill()  # its successor is told at once who is there, so nobody leaves
        await until_members(one, {"jimi": {"plays": "guitar"}, "noel": None})
        assert not any(c.member == "jimi" and not c.joined for c in changes)
        one.close()
        here.stop_for_good()
        await until_members(two, {"noel": None})

    async def until_members(hub, wanted):
        deadline = time.monotonic() + 30
        while (found := await hub.members("room")) != wanted:
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.1)

    name = next(_names)
    with relay(hub=server.url, settings=name) as two, contextlib.ExitStack() as stack:
        first = stack.enter_context(relay(hub=server.url, settings=name))
        first.stop_for_good = stack.close
        run(scenario(first, two))


def test_without_redis_from_the_start_publishes_fail_and_who_asks_waits(server):
    async def scenario(here):
        hub = hub_at(here)
        hearing = asyncio.ensure_future(hear(hub, "news"))
        with pytest.raises(HubError, match="it was not delivered"):
            await say(hub, "news", "too early")
        assert not hearing.done()
        facts = await asyncio.to_thread(Caller(here.path).facts)
        assert facts["across"]["connected"] is False
        server.start()
        heard, _ = await hearing
        await until_said(hub, "news", "there")
        await until(lambda: heard, "the first message")
        assert [m.data for m in heard] == ["there"]

    server.stop()
    try:
        with machines(server, 1) as (only,):
            run(scenario(only))
    finally:
        if server._process.poll() is not None:
            server.start()
