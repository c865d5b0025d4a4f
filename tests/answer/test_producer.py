"""Producers go no faster than their peer (``twisted.internet.interfaces.IPushProducer``, ``IPullProducer``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hendrix.answer.producer import Flow


class Loop:
    """Runs what it is given when it is told to."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.later: list[Callable[[], None]] = []

    def call_soon(self, call: Callable[[], None]) -> None:
        self.soon.append(call)

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        (self.later if seconds else self.soon).append(call)

    def turn(self) -> None:
        calls, self.soon = self.soon, []
        for call in calls:
            call()


class Producer:
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.on_resume: Callable[[], None] = lambda: None

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")
        self.on_resume()

    def stopProducing(self) -> None:
        self.calls.append("stop")


class Scene:
    def __init__(self) -> None:
        self.loop = Loop()
        self.room = True
        self.failures: list[Exception] = []
        self.flow = Flow(self.loop, lambda: self.room, self.failures.append)  # type: ignore[arg-type]
        self.producer = Producer()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_push_producer_is_paused_once_and_resumed(scene) -> None:
    scene.flow.register(scene.producer, True)
    scene.flow.wrote(more=True)
    scene.flow.wrote(more=False)
    scene.flow.wrote(more=False)
    assert scene.producer.calls == ["pause"]
    scene.flow.drained()
    scene.flow.drained()
    assert scene.producer.calls == ["pause", "resume"]


def test_one_that_comes_when_the_peer_is_behind_is_paused_at_once(scene) -> None:
    scene.room = False
    scene.flow.register(scene.producer, True)
    assert scene.producer.calls == ["pause"]


def test_a_pull_producer_is_asked_while_there_is_room(scene) -> None:
    scene.flow.register(scene.producer, False)
    assert scene.producer.calls == [], "not within the call that registers it"

    def give() -> None:
        scene.room = len(scene.producer.calls) < 10
        scene.flow.wrote(more=scene.room)

    scene.producer.on_resume = give
    for _ in range(10):
        scene.loop.turn()
    assert scene.producer.calls == ["resume"] * 10
    scene.room = True
    scene.flow.drained()
    scene.loop.turn()
    assert len(scene.producer.calls) == 11


def test_a_turn_of_the_loop_is_not_all_its_own(scene) -> None:
    scene.producer.on_resume = lambda: scene.flow.wrote(more=True)
    scene.flow.register(scene.producer, False)
    scene.loop.turn()
    assert len(scene.producer.calls) == 4
    assert len(scene.loop.soon) == 1


def test_one_that_has_nothing_is_asked_again_later(scene) -> None:
    scene.flow.register(scene.producer, False)
    scene.loop.turn()
    assert (len(scene.loop.soon), len(scene.loop.later)) == (0, 1)
    scene.loop.later.pop()()
    assert scene.producer.calls == ["resume", "resume"]


def test_one_that_gives_later_is_asked_then(scene) -> None:
    scene.flow.register(scene.producer, False)
    scene.flow._asked = False  # as if it had been asked
    scene.loop.soon.clear()
    scene.flow.wrote(more=True)
    assert len(scene.loop.soon) == 1


@pytest.mark.parametrize("streaming", [True, False])
def test_an_unregistered_producer_is_left_alone(scene, streaming) -> None:
    scene.flow.register(scene.producer, streaming)
    scene.flow.unregister()
    scene.flow.wrote(more=False)
    scene.flow.drained()
    scene.flow.stop()
    scene.loop.turn()
    assert scene.producer.calls == []


def test_there_is_one_at_a_time(scene) -> None:
    scene.flow.register(scene.producer, True)
    with pytest.raises(RuntimeError, match="never unregistered"):
        scene.flow.register(Producer(), True)


def test_a_producer_is_stopped_once(scene) -> None:
    scene.flow.register(scene.producer, True)
    scene.flow.stop()
    scene.flow.stop()
    assert scene.producer.calls == ["stop"]


def test_one_that_raises_is_told_of_and_dropped(scene) -> None:
    def fail() -> Any:
        raise RuntimeError("no")

    scene.producer.on_resume = fail
    scene.flow.register(scene.producer, False)
    scene.loop.turn()
    assert [str(error) for error in scene.failures] == ["no"]
    assert scene.flow.producer is None
    assert not scene.loop.soon and not scene.loop.later
