"""What everybody may expect of the hub, whatever carries it."""

from __future__ import annotations

import asyncio
import gc
import itertools
import threading

import pytest

import hendrix
from hendrix.hub import door
from hendrix.hub.subscription import CLOSE, Gap, TooSlow

_names = itertools.count()


@pytest.fixture
def topic():
    return f"topic.{next(_names)}"


async def take(subscription, count):
    return [await anext(subscription) for _ in range(count)]


def test_who_has_subscribed_hears(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as ours, hendrix.subscribe(topic) as others:
            id = await hendrix.apublish(topic, {"price": 3})
            (message,) = await take(ours, 1)
            assert (message.topic, message.data, str(message.id)) == (topic, {"price": 3}, id)
            assert [one.data for one in await take(others, 1)] == [{"price": 3}]

    run(scenario())


def test_every_message_comes_once_and_in_order(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as subscription:
            ids = await asyncio.gather(*(hendrix.apublish(topic, number) for number in range(500)))
            found = await take(subscription, 500)
            assert [one.data for one in found] == list(range(500))
            assert [str(one.id) for one in found] == ids

    run(scenario())


def test_other_topics_are_not_heard(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as subscription:
            await hendrix.apublish(topic + "x", 1)
            await hendrix.apublish(topic, 2)
            assert [one.data for one in await take(subscription, 1)] == [2]

    run(scenario())


def test_one_message_for_several_topics(run, topic):
    async def scenario():
        other = topic + ".17"
        async with hendrix.subscribe(topic, other) as subscription:
            await hendrix.apublish([topic, other], "x")
            assert [(one.topic, one.data) for one in await take(subscription, 2)] == [(topic, "x"), (other, "x")]

    run(scenario())


@pytest.mark.parametrize(
    "payload", [None, 0, "", "äöü \u2028 </script>", "\ud800 ü", [1, {"a": None}], True, b"", b"\0\xff" * 100]
)
def test_payloads_come_as_they_were(run, topic, payload):
    async def scenario():
        async with hendrix.subscribe(topic) as subscription:
            await hendrix.apublish(topic, payload)
            (message,) = await take(subscription, 1)
            assert message.data == payload and type(message.data) is type(payload)

    run(scenario())


@pytest.mark.parametrize(
    ("name", "payload", "error"),
    [
        ("*", 1, hendrix.HubError),
        ("", 1, hendrix.HubError),
        ([], 1, hendrix.HubError),
        ("a", object(), TypeError),
        ("a", float("nan"), ValueError),
        ("a", b"x" * (1 << 20) + b"y", hendrix.HubError),
    ],
)
def test_what_cannot_be_published_is_refused(run, name, payload, error):
    async def scenario():
        with pytest.raises(error):
            await hendrix.apublish(name, payload)
        with pytest.raises(error):
            hendrix.publish(name, payload)

    run(scenario())
    with pytest.raises(error):
        hendrix.publish(name, payload)


def test_the_largest_message(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as subscription:
            await hendrix.apublish(topic, b"x" * (1 << 20))
            assert len((await take(subscription, 1))[0].data) == 1 << 20

    run(scenario())


def test_threads_publish_and_have_the_id(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as subscription:
            ids = []

            def publish():
                for number in range(50):
                    ids.append(hendrix.publish(topic, number))

            threads = [threading.Thread(target=publish) for _ in range(4)]
            for thread in threads:
                thread.start()
            found = await take(subscription, 200)
            for thread in threads:
                await asyncio.to_thread(thread.join)
            assert sorted(str(one.id) for one in found) == sorted(ids)
            assert sorted(one.data for one in found) == sorted(list(range(50)) * 4)

    run(scenario())


def test_on_a_loop_publish_does_not_wait_and_keeps_the_order(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as subscription:
            assert [hendrix.publish(topic, number) for number in range(20)] == [""] * 20
            assert [one.data for one in await take(subscription, 20)] == list(range(20))

    run(scenario())


def test_who_comes_back_has_what_was_missed(run, topic):
    async def scenario():
        ids = [await hendrix.apublish(topic, number) for number in range(10)]
        async with hendrix.subscribe(topic, since=ids[6]) as subscription:
            await hendrix.apublish(topic, 10)
            assert [one.data for one in await take(subscription, 4)] == [7, 8, 9, 10]

    run(scenario())


def test_who_comes_back_while_others_listen_misses_nothing_and_hears_nothing_twice(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as first:
            ids = [await hendrix.apublish(topic, number) for number in range(10)]
            publishing = [asyncio.ensure_future(hendrix.apublish(topic, number)) for number in range(10, 200)]
            async with hendrix.subscribe(topic, since=ids[4]) as second:
                await asyncio.gather(*publishing)
                assert [one.data for one in await take(second, 195)] == list(range(5, 200))
                assert [one.data for one in await take(first, 200)] == list(range(200))

    run(scenario())


def test_who_comes_too_late_is_told(run, topic):
    async def scenario():
        first = await hendrix.apublish(topic, 0)
        for number in range(1, 6):
            await hendrix.apublish(topic, number, keep=hendrix.Keep(3, 60))
        async with hendrix.subscribe(topic, since=first, gaps=True) as subscription:
            gap, *rest = await take(subscription, 4)
            assert isinstance(gap, Gap)
            assert [one.data for one in rest] == [3, 4, 5]

    run(scenario())


@pytest.mark.parametrize("since", ["1-1", "99999999999-1"])
def test_an_id_of_another_hub_is_a_gap(run, topic, since):
    async def scenario():
        await hendrix.apublish(topic, 0)
        async with hendrix.subscribe(topic, since=since, gaps=True) as subscription:
            assert isinstance((await take(subscription, 1))[0], Gap)
            await hendrix.apublish(topic, 1)
            assert [one.data for one in await take(subscription, 2)] == [0, 1]

    run(scenario())


def test_the_history(run, topic):
    async def scenario():
        for number in range(5):
            await hendrix.apublish(topic, number)
        assert [one.data for one in await hendrix.ahistory(topic, 3)] == [2, 3, 4]
        assert [one.data for one in await asyncio.to_thread(hendrix.history, topic)] == [0, 1, 2, 3, 4]
        assert await hendrix.ahistory(topic + "never") == []

    run(scenario())


def test_a_topic_that_keeps_nothing(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as subscription:
            id = await hendrix.apublish(topic, "typing", keep=hendrix.Keep(0, 0))
            assert str((await take(subscription, 1))[0].id) == id
        assert await hendrix.ahistory(topic) == []

    run(scenario())


def test_a_slow_subscriber_loses_the_oldest_and_slows_nobody(run, topic):
    async def scenario():
        async with (
            hendrix.subscribe(topic, limit=10, gaps=True) as slow,
            hendrix.subscribe(topic, limit=10_000) as quick,
        ):
            for number in range(200):
                await hendrix.apublish(topic, number)
            assert [one.data for one in await take(quick, 200)] == list(range(200))
            gap, *rest = await take(slow, 11)
            assert isinstance(gap, Gap)
            assert [one.data for one in rest] == list(range(190, 200))
            assert slow.dropped == 190
            assert gap.id < rest[0].id

    run(scenario())


def test_a_subscriber_may_rather_be_closed(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic, limit=5, on_full=CLOSE) as subscription:
            for number in range(20):
                await hendrix.apublish(topic, number)
            with pytest.raises(TooSlow):
                while True:
                    await asyncio.sleep(0)
                    await anext(subscription)

    run(scenario())


def test_who_has_left_hears_nothing(run, topic):
    async def scenario():
        async with hendrix.subscribe(topic) as subscription:
            pass
        await hendrix.apublish(topic, 1)
        with pytest.raises(StopAsyncIteration):
            await anext(subscription)
        assert not door.hub_of(asyncio.get_running_loop())._topics.all()

    run(scenario())


def test_who_was_left_without_a_word_hears_nothing(run, topic):
    """A loop over messages that is broken off, or cancelled, as over an asynchronous generator."""

    async def broken_off():
        async for _ in hendrix.subscribe(topic):
            break

    async def for_ever():
        async for _ in hendrix.subscribe(topic):
            pass

    async def scenario():
        topics = door.hub_of(asyncio.get_running_loop())._topics
        waits = asyncio.create_task(for_ever())
        breaks = asyncio.create_task(broken_off())
        while len(topics.subscribers(topic)) < 2:
            await asyncio.sleep(0)
        await hendrix.ahistory(topic)  # behind the subscriptions
        await hendrix.apublish(topic, 1)
        await breaks
        waits.cancel()
        await asyncio.wait([waits])
        del breaks, waits
        gc.collect()
        await asyncio.sleep(0)
        assert not topics.all()

    run(scenario())


def test_who_waits_is_held_by_nobody_else(run, topic):
    async def hear(heard):
        async for message in hendrix.subscribe(topic):
            heard.append(message.data)
            if len(heard) == 2:
                return

    async def scenario():
        heard = []
        asyncio.create_task(hear(heard))  # noqa: RUF006 - as people do
        await asyncio.sleep(0)
        gc.collect()
        await hendrix.ahistory(topic)
        for number in range(2):
            await hendrix.apublish(topic, number)
            gc.collect()
        while len(heard) < 2:
            await asyncio.sleep(0)
        assert heard == [0, 1]

    run(scenario())


def test_who_comes_back_to_several_topics_has_all_in_order(run, topic):
    """So the id of the last one that was seen says of all of them how far they have been."""

    async def scenario():
        one, other = topic, f"{topic}.other"
        ids = [await hendrix.apublish((one, other)[number % 2], number) for number in range(12)]
        async with hendrix.subscribe(one, other, since=ids[1]) as subscription:
            assert [str(message.id) for message in await take(subscription, 10)] == ids[2:]
        async with hendrix.subscribe(one, other, since=ids[1], limit=4, gaps=True) as subscription:
            gap, *rest = await take(subscription, 5)
            assert (str(gap.id), [str(message.id) for message in rest]) == (ids[-5], ids[-4:])

    run(scenario())


def test_callbacks_on_a_loop(run, topic):
    async def scenario():
        heard = asyncio.Queue()
        hendrix.on_message(topic, lambda message: 1 / 0)
        end = hendrix.on_message(topic, heard.put_nowait)
        await hendrix.apublish(topic, 1)
        assert (await heard.get()).data == 1
        end()
        await hendrix.apublish(topic, 2)
        assert heard.empty()

    run(scenario())


def test_callbacks_without_a_loop(hub_kind, topic):
    heard = []
    event = threading.Event()
    end = hendrix.on_message(topic, lambda message: (heard.append(message.data), event.set()))
    hendrix.publish(topic, "here")
    assert event.wait(10)
    assert heard == ["here"]
    end()


def test_who_is_present(run, topic):
    async def scenario():
        hub = door.hub_of(asyncio.get_running_loop())
        changes = asyncio.Queue()
        began = asyncio.Queue()
        hub.join(topic, "ann", {"name": "Ann"})
        hub.watch(topic, changes.put_nowait, began.put_nowait)
        assert await began.get() == {"ann": {"name": "Ann"}}
        hub.join(topic, "bob", "x")
        hub.join(topic, "bob", "x")
        change = await changes.get()
        assert (change.member, change.joined, change.about) == ("bob", True, "x")
        assert await hendrix.apresent(topic) == {"ann": {"name": "Ann"}, "bob": "x"}
        assert await asyncio.to_thread(hendrix.present, topic) == {"ann": {"name": "Ann"}, "bob": "x"}
        hub.leave(topic, "bob")
        hub.leave(topic, "ann")
        hub.join(topic, "ann", {"name": "Ann"})
        hub.leave(topic, "bob")
        change = await changes.get()
        assert (change.member, change.joined) == ("bob", False)
        assert await hendrix.apresent(topic) == {"ann": {"name": "Ann"}}
        hub.join(topic, "ann", "busy")
        assert (await changes.get()).about == "busy"
        assert changes.empty()

    run(scenario())
