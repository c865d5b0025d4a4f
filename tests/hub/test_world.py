"""Who is present on several machines."""

from __future__ import annotations

from hendrix.hub.presence import Change
from hendrix.hub.world import World


def came(member, about=None):
    return Change("room", member, joined=True, about=about)


def left(member):
    return Change("room", member, joined=False)


def test_who_is_on_two_machines_is_there_once_and_leaves_with_the_last():
    world = World()
    assert world.change("a", came("jimi"), 0.0) == [came("jimi")]
    assert world.change("b", came("jimi"), 0.0) == []
    assert world.change("a", came("jimi"), 0.0) == []  # said again
    assert world.change("a", left("jimi"), 1.0) == []
    assert world.change("a", left("jimi"), 1.0) == []
    assert world.members("room") == {"jimi": None}
    assert world.change("b", left("jimi"), 1.0) == [left("jimi")]
    assert world.members("room") == {}


def test_what_is_told_of_somebody_changes_without_a_departure():
    world = World()
    world.change("a", came("jimi", 1), 0.0)
    assert world.change("a", came("jimi", 2), 1.0) == [came("jimi", 2)]
    assert world.change("a", left("jimi"), 2.0) == [left("jimi")]


def test_a_machine_says_all_of_it_anew():
    world = World()
    world.change("a", came("jimi"), 0.0)
    world.change("a", came("noel"), 0.0)
    told = world.replace("a", {("room", "noel"): None, ("room", "mitch"): None}, 1.0)
    assert told == [left("jimi"), came("mitch")]
    assert world.replace("b", {}, 1.0) == [] and world.machines == ["a", "b"]


def test_a_machine_that_is_gone_takes_its_members_along():
    world = World()
    world.change("a", came("jimi"), 0.0)
    world.change("a", came("noel"), 0.0)
    world.change("b", came("noel"), 0.0)
    assert world.lose("a", 1.0) == [left("jimi")]
    assert world.lose("a", 1.0) == []
    assert (world.machines, world.members("room")) == (["b"], {"noel": None})
