"""The table of subscriptions."""

from __future__ import annotations

import pytest

from hendrix.hub.message import BadTopic, Id, Message, check_topic, read_id
from hendrix.hub.topics import TooMany, Topics


def test_the_first_and_the_last_are_told() -> None:
    topics = Topics[str]()
    assert topics.subscribe("news", "ann")
    assert not topics.subscribe("news", "bob")
    assert not topics.subscribe("news", "bob")
    assert list(topics.subscribers("news")) == ["ann", "bob"]
    assert not topics.unsubscribe("news", "ann")
    assert not topics.unsubscribe("news", "ann")
    assert topics.unsubscribe("news", "bob")
    assert "news" not in topics
    assert not topics.subscribers("news")


def test_who_leaves_is_nowhere() -> None:
    topics = Topics[str]()
    topics.subscribe("a", "ann")
    topics.subscribe("b", "ann")
    topics.subscribe("b", "bob")
    assert set(topics.of("ann")) == {"a", "b"}
    assert topics.leave("ann") == ["a"]
    assert topics.all() == ["b"]
    assert topics.leave("ann") == []


def test_bounds_hold_and_change_nothing() -> None:
    topics = Topics[str](most_topics=2, most_each=2)
    topics.subscribe("a", "ann")
    topics.subscribe("b", "bob")
    with pytest.raises(TooMany):
        topics.subscribe("c", "bob")
    topics.subscribe("b", "ann")
    with pytest.raises(TooMany):
        topics.subscribe("c", "ann")
    assert len(topics) == 2
    topics.leave("bob")
    topics.leave("ann")
    assert len(topics) == 0
    topics.subscribe("c", "ann")


@pytest.mark.parametrize("name", ["news", "orders.17", "chat/привет", "a b", "x" * 255, "[]{}?"])
def test_names_that_are_topics(name) -> None:
    assert check_topic(name) == name


@pytest.mark.parametrize(
    "name", ["", "x" * 256, "é" * 128, "a\n", "a\0", "\x7f", "\u2028", "\ud800", "orders.*", 5, None]
)
def test_names_that_are_none(name) -> None:
    with pytest.raises(BadTopic):
        check_topic(name)


def test_ids_compare_and_are_read_back() -> None:
    assert Id(1, 9) < Id(1, 10) < Id(2, 1)
    assert read_id(str(Id(1764, 12))) == Id(1764, 12)
    for nonsense in ("", "1", "1-", "-1", "1-2-3", "a-b", "1-2 ", "٣-٤x", "9" * 19 + "-1", "1--2"):
        assert read_id(nonsense) is None


def test_a_message_is_decoded_once_for_all() -> None:
    message = Message("a", Id(1, 1), b'{"x": [1]}')
    assert message.data == {"x": [1]}
    assert message.data is message.data
    assert message.text == '{"x": [1]}'
    assert Message("a", Id(1, 1), b"\xff\0", binary=True).data == b"\xff\0"
