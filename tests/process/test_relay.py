"""The relay as a process: killed, flooded, talked nonsense to. What ``publish`` had confirmed is there."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time

import pytest
from asgiref.sync import async_to_sync

import hendrix
from hendrix.hub import door, frames, place
from hendrix.hub.caller import Caller
from hendrix.hub.link import Link
from hendrix.hub.local import Hub
from hendrix.hub.message import read_id
from hendrix.hub.peer import MOST_WAITING
from tests.kit.hub import relay
from tests.kit.live import until


@pytest.fixture
def running(monkeypatch):
    with relay() as found:
        door.forget()
        monkeypatch.setenv("HENDRIX_HUB", found.path)
        yield found
        door.forget()


def run(coroutine, seconds=40):
    async def limited():
        async with asyncio.timeout(seconds):
            return await coroutine

    return asyncio.run(limited())


def another_hub(running):
    """As another process would have it."""
    loop = asyncio.get_running_loop()
    return Hub(loop, lambda hub: Link(running.path, hub, loop))


def pid_of(running):
    return Caller(running.path).facts()["pid"]


def test_it_starts_when_somebody_knocks(running):
    assert running.pid is None
    assert pid_of(running) == running.pid != os.getpid()


def test_it_hears_who_comes_while_nobody_is_there(running):
    pid = pid_of(running)
    time.sleep(1.2)  # time enough for its collector to look at everything that nobody holds
    assert pid_of(running) == pid


def test_only_its_user_may_knock(running):
    assert os.stat(running.path).st_mode & 0o777 == 0o600


def test_killed_again_and_again_nothing_is_lost_and_nothing_comes_twice(running):
    async def scenario():
        other = another_hub(running)
        heard = []
        ready = asyncio.Event()
        other.listen("news", heard.append, on_start=lambda position: ready.set())
        await ready.wait()
        confirmed = []

        async def publish(first):
            for number in range(first, first + 500):
                confirmed.append((await hendrix.apublish("news", number), number))

        killer = asyncio.create_task(kill_often())
        await asyncio.gather(*(publish(first) for first in (0, 1000, 2000, 3000)))
        await killer
        last = await hendrix.apublish("news", "end")
        while not heard or heard[-1].data != "end":
            await asyncio.sleep(0.01)
        assert [(str(one.id), one.data) for one in heard] == [*sorted(confirmed, key=key), (last, "end")]
        other.close()

    async def kill_often():
        for _ in range(4):  # one that dies at once, again and again, is started ever less often
            await asyncio.sleep(0.15)
            running.kill()

    def key(pair):
        return int(pair[0].rpartition("-")[2])

    run(scenario())


def test_threads_that_publish_do_not_notice_a_death(running):
    ids, errors = [], []

    def publish():
        try:
            for number in range(300):
                ids.append((hendrix.publish("threads", number), number))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=publish) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.05)
        running.kill()
    for thread in threads:
        thread.join()
    assert errors == []
    kept = Caller(running.path).last("threads", 1000)
    assert len({one for one, _ in ids}) == 900
    # It keeps the last hundred; those are the ones that were confirmed last, each once.
    confirmed = dict(ids)
    assert [confirmed[str(one.id)] for one in kept] == [one.data for one in kept]
    assert len(kept) == 100


def test_the_successor_knows_the_history_and_where_it_begins(running):
    ids = [hendrix.publish("kept", number) for number in range(150)]
    quiet = hendrix.publish("quiet", "only one")
    pid = pid_of(running)
    running.kill()

    async def scenario():
        async with hendrix.subscribe("kept", since=ids[99], gaps=True) as subscription:
            assert [(await anext(subscription)).data for _ in range(50)] == list(range(100, 150))
        # For those who come back it has all that was written down; for others the last hundred.
        async with hendrix.subscribe("kept", since=ids[9], gaps=True) as subscription:
            assert [(await anext(subscription)).data for _ in range(140)] == list(range(10, 150))
        assert [one.data for one in Caller(running.path).last("kept", 1000)] == list(range(50, 150))
        async with hendrix.subscribe("quiet", since=ids[149], gaps=True) as subscription:
            assert str((await anext(subscription)).id) == quiet

    run(scenario())
    assert pid_of(running) != pid


def test_a_quiet_topic_outlives_a_loud_one(monkeypatch):
    with relay(hub_memory=16 << 20, hub_history=50) as running:
        caller = Caller(running.path)
        id = caller.publish("quiet", b'"precious"')
        for _ in range(60):
            caller.publish("loud", b"x" * (1 << 20), binary=True)
        running.kill()
        assert [(one.id, one.data) for one in caller.last("quiet", 1)] == [(id, "precious")]


def test_who_is_present_stays_so_over_a_death(running):
    async def scenario():
        ours, other = door.hub_of(asyncio.get_running_loop()), another_hub(running)
        changes, began = [], asyncio.Event()
        ours.watch("room", changes.append, lambda members: began.set())
        await began.wait()
        other.join("room", "ann")
        other.join("room", "bob")
        ours.join("room", "eve")
        while len(changes) < 3:
            await asyncio.sleep(0.01)
        running.kill()
        while set(await hendrix.apresent("room")) != {"ann", "bob", "eve"}:
            await asyncio.sleep(0.01)
        await asyncio.sleep(3)
        assert sorted((one.member, one.joined) for one in changes) == [("ann", True), ("bob", True), ("eve", True)]
        # A worker that dies takes its members along.
        other.close()
        while len(changes) < 5:
            await asyncio.sleep(0.01)
        assert sorted((one.member, one.joined) for one in changes[3:]) == [("ann", False), ("bob", False)]
        ours.close()

    run(scenario())


def test_who_died_with_the_relay_is_missed(running):
    async def scenario():
        ours, other = door.hub_of(asyncio.get_running_loop()), another_hub(running)
        changes, began = [], asyncio.Event()
        ours.watch("room", changes.append, lambda members: began.set())
        await began.wait()
        other.join("room", "ann")
        while not changes:
            await asyncio.sleep(0.01)
        running.kill()
        other.close()
        while len(changes) < 2:
            await asyncio.sleep(0.01)
        assert (changes[1].member, changes[1].joined) == ("ann", False)
        ours.close()

    run(scenario())


def test_a_subscriber_that_takes_nothing_slows_nobody_and_is_cut_off(running):
    slow = place.connect(running.path, blocking=True)
    slow.sendall(frames.told(frames.HELLO, 0, {"name": "00" * 8}))
    slow.sendall(frames.told(frames.SUBSCRIBE, 1, {"topic": "flood"}))
    caller = Caller(running.path)
    took = []
    for _ in range(2 * MOST_WAITING // 65536):
        began = time.monotonic()
        caller.publish("flood", b"x" * 65536, binary=True)
        took.append(time.monotonic() - began)
    assert sorted(took)[len(took) * 95 // 100] < 0.1
    assert caller.facts()["peers"] == 1
    slow.close()


def test_long_answers_are_given_however_much_they_are(running):
    """More than may wait for a subscriber: who is cut off for it would ask for it again, for ever."""
    first, *_ = [hendrix.publish("long", b"x" * 120_000) for _ in range(100)]
    assert sum(len(one.payload) for one in hendrix.history("long")) > MOST_WAITING

    async def scenario():
        hub = another_hub(running)
        heard = [[] for _ in range(3)]
        for one in heard:
            hub.listen("long", one.append, since=read_id(first))
        hub.listen("long", heard[0].append)
        members = {f"somebody whose name is rather long {number}": None for number in range(25_000)}
        for member in members:
            hub.join("room", member)
        seen = asyncio.Queue()
        hub.watch("room", lambda change: None, seen.put_nowait)
        last = await hub.publish("long", b"last", binary=True, keep=None)
        while not all(one and one[-1].id == last for one in heard):
            await asyncio.sleep(0.01)
        assert [len(one) for one in heard] == [101, 100, 100]
        assert len(await hub.members("room")) == len(await seen.get()) == 25_000
        hub.close()

    pid = pid_of(running)
    run(scenario())
    assert pid_of(running) == pid


def run_within_sync_code(coroutine):
    async def awaited():
        await coroutine

    async_to_sync(awaited)()


@pytest.mark.parametrize("run_short", [asyncio.run, run_within_sync_code])
def test_loops_that_live_for_one_call_lose_nothing_and_leave_nothing_behind(running, run_short):
    async def publish(*payloads):
        for payload in payloads:
            hendrix.publish("short", payload)

    async def wait(payload):
        await hendrix.apublish("short", payload)

    run_short(publish(b"x" * 900_000, b"behind it"))
    assert [len(one.payload) for one in hendrix.history("short")] == [900_000, 9]
    files = len(os.listdir("/proc/self/fd"))
    for number in range(5):
        run_short(publish(number))
        run_short(wait(number))
    assert [one.data for one in hendrix.history("short", 10)] == [number // 2 for number in range(10)]
    assert len(os.listdir("/proc/self/fd")) <= files
    until(lambda: Caller(running.path).facts()["peers"] <= 2, "the relay to see that they are gone")


NONSENSE = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff\xff\xff\xff\x01",
    b"\0\0\0\0\0",
    frames.frame(frames.PUBLISH, b""),
    frames.told(frames.SUBSCRIBE, 1, {"topic": "a"}),  # before HELLO
    frames.told(frames.HELLO, 0, {}),
    frames.told(frames.HELLO, 0, {"name": "zz"}),
]
AFTER_HELLO = [
    frames.frame(frames.PUBLISH, b"\0" * 5),
    frames.frame(frames.PUBLISH, b"\0" * 17 + b"\xff\xff"),
    frames.frame(frames.SUBSCRIBE, b"\0\0\0\1{"),
    frames.frame(frames.SUBSCRIBE, b"\0\0\0\1" + b"[" * 100_000),
    frames.told(frames.SUBSCRIBE, 1, []),
    frames.told(frames.SUBSCRIBE, 1, {}),
    frames.told(frames.SUBSCRIBE, 1, {"topic": "a", "since": 7}),
    frames.told(frames.LAST, 1, {"topic": "a", "count": "x"}),
    frames.told(frames.JOIN, 1, {"topic": "a"}),
    frames.told(frames.JOIN, 1, {"topic": "a", "member": 3}),
    frames.told(frames.LEAVE, 1, {"topic": ["a"], "member": {}}),
    frames.told(99, 1, {}),
    frames.numbered(200, 1, b"a service that is not there"),
]


@pytest.mark.parametrize(
    "said", [*NONSENSE, *(frames.told(frames.HELLO, 0, {"name": "00" * 8}) + x for x in AFTER_HELLO)]
)
def test_who_talks_nonsense_is_cut_off_and_nobody_else_is(running, said):
    caller = Caller(running.path)
    pid = caller.facts()["pid"]
    with place.connect(running.path, blocking=True) as sock:
        sock.settimeout(10)
        sock.sendall(said)
        try:
            while sock.recv(65536):
                pass
        except ConnectionResetError:
            pass
    assert caller.facts()["pid"] == pid


def test_a_thousand_topics_and_many_peers(running):
    async def scenario():
        hubs = [another_hub(running) for _ in range(50)]
        started = asyncio.Queue()
        heard = [0] * 50
        for number, hub in enumerate(hubs):

            def hear(message, number=number):
                heard[number] += 1

            for topic in range(1000):
                hub.listen(f"topic.{topic}", hear, on_start=started.put_nowait)
        for _ in range(50_000):
            await started.get()
        await asyncio.gather(*(hendrix.apublish(f"topic.{topic}", topic) for topic in range(1000)))
        while sum(heard) < 50_000:
            await asyncio.sleep(0.05)
        assert heard == [1000] * 50
        for hub in hubs:
            hub.close()

    run(scenario(), 60)


def test_without_a_relay_that_answers_a_caller_gives_up(tmp_path, monkeypatch):
    monkeypatch.setattr("hendrix.hub.caller.PATIENCE", 0.3)
    path = f"/tmp/hx-dead-{os.getpid()}.hub"
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(path)
        try:
            deaf.listen()
            with pytest.raises(hendrix.HubError, match="does not answer"):
                Caller(path).publish("a", b"1")
        finally:
            os.unlink(path)
    with pytest.raises(hendrix.HubError, match="does not answer"):
        Caller(path).publish("a", b"1")
