"""The history: what is kept, what is told of what is not."""

from __future__ import annotations

import pytest

from hendrix.hub.history import OVERHEAD, History, Keep, check_keep
from hendrix.hub.message import NOTHING, Id, Message

ALL = Keep(1_000_000, 1_000_000)


def message(number: int, topic: str = "a", payload: bytes = b"1") -> Message:
    return Message(topic, Id(1, number), payload)


def numbers(history: History, topic: str, after: int, now: float = 0) -> tuple[list[int], bool]:
    found = history.since(topic, Id(1, after), now)
    return [one.id.number for one in found.messages], found.gap


def test_what_came_after_an_id() -> None:
    history = History()
    for number in range(1, 6):
        history.add(message(number, "a" if number % 2 else "b"), 0, ALL)
    assert numbers(history, "a", 1) == ([3, 5], False)
    assert numbers(history, "a", 2) == ([3, 5], False)
    assert numbers(history, "a", 5) == ([], False)
    assert numbers(history, "b", 0) == ([2, 4], False)
    assert numbers(history, "c", 0) == ([], False)


def test_only_so_many_are_kept_and_the_gap_is_told() -> None:
    history = History()
    for number in range(1, 11):
        history.add(message(number), 0, Keep(3, 100))
    assert numbers(history, "a", 7) == ([8, 9, 10], False)
    assert numbers(history, "a", 6) == ([8, 9, 10], True)
    assert len(history) == 3


def test_only_so_old_ones_are_kept() -> None:
    history = History()
    for number in range(1, 6):
        history.add(message(number), number, Keep(100, 2.0))
    assert numbers(history, "a", 3, now=5) == ([4, 5], False)
    assert numbers(history, "a", 0, now=6.5) == ([5], True)
    assert numbers(history, "a", 5, now=100) == ([], False)
    assert numbers(history, "a", 4, now=100) == ([], True)
    assert len(history) == 0


def test_age_is_noticed_where_nobody_asks() -> None:
    history = History()
    history.add(message(1), 0, Keep(100, 2.0))
    history.expire(3)
    assert (len(history), history.bytes) == (0, 0)


@pytest.mark.parametrize("keep", [Keep(0, 10), Keep(10, 0)])
def test_a_topic_may_keep_nothing(keep) -> None:
    history = History()
    history.add(message(1), 0, ALL)
    history.add(message(2), 0, keep)
    assert numbers(history, "a", 2) == ([], False)
    assert numbers(history, "a", 1) == ([], True)


def test_bytes_are_bounded_over_all_topics_and_the_oldest_go() -> None:
    history = History(most_bytes=100 * (OVERHEAD + 100))
    for number in range(1, 1001):
        history.add(message(number, f"t{number % 50}", b"x" * 100), 0, ALL)
    assert history.bytes <= 100 * (OVERHEAD + 100)
    kept = sorted(one.message.id.number for one, _ in history.all())
    assert kept == list(range(901, 1001))
    assert numbers(history, "t1", 901) == ([951], False)
    assert numbers(history, "t1", 0) == ([901, 951], True)


def test_a_loud_topic_pays_itself() -> None:
    history = History(most_bytes=100 * (OVERHEAD + 100))
    history.add(message(1, "quiet"), 0, ALL)
    for number in range(2, 1001):
        history.add(message(number, "loud", b"x" * 100), 0, ALL)
    assert history.bytes <= 100 * (OVERHEAD + 100)
    assert numbers(history, "quiet", 0) == ([1], False)


def test_a_topic_that_went_is_not_taken_for_one_in_which_nothing_was_said() -> None:
    history = History(most_topics=2)
    history.add(message(1, "a"), 0, ALL)
    history.add(message(2, "b"), 0, ALL)
    history.add(message(3, "c"), 0, ALL)
    assert numbers(history, "a", 0) == ([], True)
    assert numbers(history, "a", 1) == ([], False)
    assert numbers(history, "never", 0) == ([], True)  # nobody knows
    history.add(message(4, "a"), 0, ALL)
    assert numbers(history, "a", 0) == ([4], True)
    assert numbers(history, "a", 1) == ([4], False)


def test_the_last_so_many() -> None:
    history = History()
    for number in range(1, 6):
        history.add(message(number), 0, ALL)
    assert [one.id.number for one in history.last("a", 2, 0)] == [4, 5]
    assert [one.id.number for one in history.last("a", 99, 0)] == [1, 2, 3, 4, 5]
    assert history.last("a", 0, 0) == history.last("z", 5, 0) == []


def test_what_is_restored_is_as_before() -> None:
    history = History()
    for number in range(1, 11):
        history.add(message(number), 0, Keep(3, 100))
    again = History()
    before = Id(1, 7)
    for kept, keep in history.all():
        again.restore(kept.message, kept.at, keep, before)
    assert numbers(again, "a", 7) == ([8, 9, 10], False)
    assert numbers(again, "a", 6) == ([8, 9, 10], True)


def test_the_order_of_what_has_gone_takes_no_room() -> None:
    history = History()
    for number in range(1, 50_000):
        history.add(message(number), 0, Keep(1, 100))
    assert len(history._order) == len(history) == 1
    assert history.holds(Id(1, 49_999))
    assert not history.holds(Id(1, 49_998))
    assert history.before("a") == Id(1, 49_999)
    assert history.before("b") == NOTHING


def test_a_patient_one_keeps_more_for_those_who_come_back_and_promises_no_more_than_ever() -> None:
    history = History()
    history.patient_until = 30.0
    for number in range(1, 11):
        history.add(message(number), float(number), Keep(3, 100))
    assert numbers(history, "a", 2) == ([3, 4, 5, 6, 7, 8, 9, 10], False)
    assert [one.id.number for one in history.last("a", 9, 10.0)] == [8, 9, 10]
    history.floor = Id(1, 0)
    history.lost(Id(1, 1))
    assert numbers(history, "a", 0) == ([8, 9, 10], True)
    history.expire(29.9)
    assert len(history) == 10
    history.expire(30.0)
    assert numbers(history, "a", 2) == ([8, 9, 10], True)


def test_patience_is_bounded_by_bytes_and_by_age() -> None:
    history = History(most_bytes=100 * (OVERHEAD + 100))
    history.patient_until = 1000.0
    for number in range(1, 1001):
        history.add(message(number, payload=b"x" * 100), 0.0, Keep(3, 5.0))
    assert history.bytes <= 100 * (OVERHEAD + 100)
    history.expire(6.0)
    assert (len(history), history.bytes) == (0, 0)


def test_what_nobody_here_has_seen_is_a_gap_for_all_that_was_before():
    history = History()
    history.add(Message("a", Id(1, 1), b"1"), 0.0, Keep(2, 60))
    history.lost(Id(2, 0))
    for topic in ("a", "never"):
        assert history.since(topic, Id(1, 1), 1.0).gap
        assert not history.since(topic, Id(2, 0), 1.0).gap
    for number in (1, 2, 3):  # forgetting what is older does not make it less
        history.add(Message("a", Id(2, number), b"2"), 1.0, Keep(3, 60))
    assert history.since("a", Id(1, 1), 1.0).gap
    assert [m.id.number for m in history.since("a", Id(2, 1), 1.0).messages] == [2, 3]


@pytest.mark.parametrize("keep", [Keep(-1), Keep(1 << 32), Keep(1.5), Keep(1, -1.0), Keep(1, float("nan"))])
def test_what_cannot_be_kept_to_is_said_to_who_publishes(keep: Keep) -> None:
    with pytest.raises(ValueError, match="cannot be kept"):
        check_keep(keep)


def test_what_can() -> None:
    assert check_keep((3, 2)) == Keep(3, 2)  # type: ignore[arg-type]
    assert check_keep(Keep(0, float("inf"))) == Keep(0, float("inf"))
