"""Whoever has heard more elsewhere than is known here waits for a moment."""

from __future__ import annotations

from hendrix.hub.ahead import PATIENCE, Ahead
from hendrix.hub.message import Id


class Peer:
    def __init__(self):
        self.begun = []

    def subscribe_now(self, number, facts):
        self.begun.append(number)


def test_until_it_is_known_or_for_so_long():
    ahead, peer = Ahead(), Peer()
    for number in (1, 2, 3):
        assert ahead.hold(peer, number, {"topic": "a"}, Id(1, number), 0.0)
    ahead.look(Id(1, 1), 0.1)
    assert peer.begun == [1]
    ahead.look(Id(1, 2), 0.2)
    ahead.look(Id(1, 2), 0.3)
    assert peer.begun == [1, 2]
    ahead.look(Id(1, 2), PATIENCE)
    assert peer.begun == [1, 2, 3]


def test_time_says_nothing_while_others_cannot_be_heard():
    ahead, peer = Ahead(), Peer()
    ahead.hold(peer, 1, {"topic": "a"}, Id(1, 2), 0.0)
    ahead.look(Id(1, 1), 10 * PATIENCE, behind=True)
    assert peer.begun == []
    ahead.look(Id(1, 1), 10 * PATIENCE)
    assert peer.begun == [1]


def test_who_leaves_is_forgotten():
    ahead, one, two = Ahead(), Peer(), Peer()
    for peer in (one, two):
        for topic in ("a", "b"):
            ahead.hold(peer, 1, {"topic": topic}, Id(1, 1), 0.0)
    ahead.forget(one)
    ahead.forget(two, "a")
    ahead.look(Id(1, 1), 1.0)
    assert (one.begun, two.begun) == ([], [1])
