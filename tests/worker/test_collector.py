"""When a worker looks for cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from hendrix.worker import template


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.enable()


def test_seldom() -> None:
    gc.set_threshold(*template._THRESHOLDS)
    gc.disable()
    template._collect_seldom()
    assert gc.isenabled() and gc.get_threshold() == template._SELDOM


def test_what_the_project_has_set_stays() -> None:
    gc.set_threshold(1234, 5, 6)
    template._collect_seldom()
    assert gc.isenabled() and gc.get_threshold() == (1234, 5, 6)
