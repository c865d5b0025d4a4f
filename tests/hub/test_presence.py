"""Who is there."""

from __future__ import annotations

import pytest

from hendrix.hub.presence import LINGER, Change, Crowded, Presence


def test_who_comes_is_announced_once_and_leaves_with_the_last_window() -> None:
    presence = Presence[str]()
    assert presence.join("room", "ann", "worker 1", {"name": "Ann"}) == Change("room", "ann", True, {"name": "Ann"})
    assert presence.join("room", "ann", "worker 1", {"name": "Ann"}) is None
    assert presence.join("room", "ann", "worker 2", {"name": "Ann"}) is None
    presence.leave("room", "ann", "worker 1", 0)
    presence.leave("room", "ann", "worker 2", 0)
    assert presence.deadline() is None
    presence.leave("room", "ann", "worker 1", 1)
    assert presence.deadline() == 1 + LINGER
    assert presence.expire(LINGER + 0.5) == []
    assert presence.members("room") == {"ann": {"name": "Ann"}}
    assert presence.expire(1 + LINGER) == [Change("room", "ann", False)]
    assert presence.members("room") == {}


def test_who_is_back_in_a_moment_has_not_been_away() -> None:
    presence = Presence[str]()
    presence.join("room", "ann", "worker 1")
    presence.leave("room", "ann", "worker 1", 0)
    assert presence.join("room", "ann", "worker 2") is None
    assert presence.expire(100) == []
    assert presence.members("room") == {"ann": None}


def test_a_dead_workers_members_leave() -> None:
    presence = Presence[str]()
    presence.join("room", "ann", "worker 1")
    presence.join("hall", "ann", "worker 1")
    presence.join("room", "bob", "worker 1")
    presence.join("room", "bob", "worker 2")
    presence.lose("worker 1", 5)
    presence.lose("worker 1", 6)
    assert presence.expire(5 + LINGER) == [Change("room", "ann", False), Change("hall", "ann", False)]
    assert presence.members("room") == {"bob": None}


def test_what_is_told_of_somebody_changes() -> None:
    presence = Presence[str]()
    presence.join("room", "ann", "worker 1", "here")
    assert presence.join("room", "ann", "worker 2", "busy") == Change("room", "ann", True, "busy")


def test_strangers_cannot_be_sent_away() -> None:
    presence = Presence[str]()
    presence.join("room", "ann", "worker 1")
    presence.leave("room", "ann", "worker 2", 0)
    presence.leave("room", "bob", "worker 1", 0)
    presence.leave("hall", "ann", "worker 1", 0)
    assert presence.deadline() is None


def test_bounds() -> None:
    presence = Presence[str](most_members=3, most_each=2)
    presence.join("room", "ann", "w")
    presence.join("room", "bob", "w")
    with pytest.raises(Crowded):
        presence.join("room", "eve", "w")
    presence.join("hall", "eve", "w")
    with pytest.raises(Crowded):
        presence.join("yard", "eve", "w")
    presence.lose("w", 0)
    presence.expire(LINGER)
    assert presence.join("yard", "eve", "w")
