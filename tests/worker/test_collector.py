"""Circles around large bodies are found in time."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from hendrix.worker.collector import Collector

MEGABYTE = 1024 * 1024


class Circle:
    """What only the collector frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def seldom() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.collect()
    gc.set_threshold(1_000_000, 20, 50)
    yield
    gc.set_threshold(*usual)


def test_by_their_bytes() -> None:
    collector = Collector(lambda: 0.0)
    circle = weakref.ref(Circle())
    collector.took(1000)
    assert circle() is not None
    for _ in range(20):
        collector.took(MEGABYTE)
    assert circle() is None


def test_what_was_alive_in_a_collection_is_found_later() -> None:
    collector = Collector(lambda: 0.0)
    alive = Circle()
    circle = weakref.ref(alive)
    for _ in range(20):
        collector.took(MEGABYTE)
    del alive
    for _ in range(300):
        collector.took(MEGABYTE)
    assert circle() is None


def test_collections_of_everything_have_their_share_of_the_time() -> None:
    now = 0.0

    def take_a_second(phase: str, facts: dict[str, int]) -> None:
        nonlocal now
        now += facts["generation"] == 2 and phase == "stop"

    collector = Collector(lambda: now)
    gc.callbacks.append(take_a_second)
    try:
        for _ in range(400):
            collector.took(MEGABYTE)
        assert now == 1.0, "the first was dear"
        now = 60.0
        for _ in range(20):
            collector.took(MEGABYTE)
        assert now == 61.0, "it is due again"
    finally:
        gc.callbacks.remove(take_a_second)


def test_a_project_that_wants_no_collections_has_none() -> None:
    collector = Collector(lambda: 0.0)
    circle = weakref.ref(Circle())
    gc.disable()
    try:
        for _ in range(300):
            collector.took(MEGABYTE)
        assert circle() is not None
    finally:
        gc.enable()
