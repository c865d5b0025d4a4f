"""The switchboard of a relay that was killed, and its successor's on the same memory."""

from __future__ import annotations

from hendrix.hub.history import Keep
from hendrix.hub.message import Id, Message
from hendrix.hub.switch import Publisher, Switch

KEEP = Keep(100, 300.0)


class Peer:
    def __init__(self) -> None:
        self.heard: list[int] = []

    def deliver(self, message: Message) -> None:
        self.heard.append(message.id.number)

    def changed(self, change: object) -> None:
        raise AssertionError(change)


def switch(memory: bytearray, now: float = 0.0) -> Switch:
    return Switch(1, now, memory, KEEP)


def test_of_all_that_was_written_down_nothing_is_lost_however_few_a_topic_keeps() -> None:
    memory = bytearray(1 << 20)
    one, publisher = switch(memory), b"12345678"
    ids = [one.publish("news", b"1", 0.0, publisher=Publisher(publisher, n)) for n in range(1, 501)]
    # Killed before it told anybody: publishers say it again, and subscribers come back from where they were.
    two = switch(memory, 5.0)
    again = [two.publish("news", b"1", 5.0, publisher=Publisher(publisher, n)) for n in range(1, 501)]
    assert again == ids
    peer = Peer()
    start = two.subscribe("news", peer, ids[9], 5.0)
    assert [message.id for message in start.messages] == ids[10:]
    assert not start.gap
    # What is said from now on does not push it out while others are still to come back.
    later = [two.publish("news", b"2", 6.0) for _ in range(300)]
    assert peer.heard == [id.number for id in later]
    start = two.subscribe("news", Peer(), ids[9], 20.0)
    assert [message.id for message in start.messages] == [*ids[10:], *later]
    assert not start.gap


def test_after_that_a_topic_keeps_what_it_promises() -> None:
    memory = bytearray(1 << 20)
    one = switch(memory)
    ids = [one.publish("news", b"1", 0.0) for _ in range(500)]
    two = switch(memory)
    two.tick(60.0)
    start = two.since("news", ids[9], 60.0)
    assert [message.id for message in start.messages] == ids[400:]
    assert start.gap
    assert two.facts()["kept"] == 100


def test_a_stranger_to_the_past_has_no_more_than_is_promised() -> None:
    memory = bytearray(1 << 20)
    one = switch(memory)
    ids = [one.publish("news", b"1", 0.0) for _ in range(500)]
    two = switch(memory)
    assert [message.id for message in two.last("news", 1000, 0.0)] == ids[400:]
    assert [message.id for message in two.since("news", Id(0, 0), 0.0).messages] == ids[400:]


def test_what_the_memory_has_lost_is_a_gap_for_the_successor_too() -> None:
    memory = bytearray(1 << 20)
    one, start = switch(memory), Id(1, 0)
    # This one is still wanted when the memory has gone round, and comes to stand behind others that are not.
    first = one.publish("treasured", b"1", 0.0, keep=Keep(1, 9000.0))
    lost = one.publish("forgotten", b"2", 0.0, keep=Keep(1, 10.0))
    one.tick(15.0)
    for number in range(3000):
        one.publish("loud", b"x" * 500, 20.0 + number / 100)
    one.tick(100.0)
    assert one.since("forgotten", first, 100.0).gap
    two = switch(memory, 100.0)
    assert [message.id for message in two.since("treasured", start, 100.0).messages] == [first]
    assert not two.since("treasured", start, 100.0).gap
    assert two.since("forgotten", first, 100.0).gap
    assert not two.since("forgotten", two.latest, 100.0).gap
    assert lost < two.latest == one.latest


def test_ids_go_on_where_nothing_was_published() -> None:
    memory = bytearray(1 << 20)
    position = switch(memory).subscribe("news", Peer(), None, 0.0).position
    two = Switch(99, 5.0, memory, KEEP)
    start = two.subscribe("news", Peer(), position, 5.0)
    assert not start.gap and start.position == position
    assert two.publish("news", b"1", 5.0) > position
