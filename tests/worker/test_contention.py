"""Late once is chance, late again and again is a fight."""

from __future__ import annotations

from hendrix.worker.contention import Contention


def noted(*seconds: float) -> bool:
    contention = Contention()
    for each in seconds:
        contention.note(each)
    return contention.high


def test_nothing_is_known_at_first() -> None:
    assert not noted()


def test_once_is_chance() -> None:
    assert not noted(0.0, 0.0, 0.1, 0.0)


def test_again_and_again_is_a_fight() -> None:
    assert noted(0.005, 0.005, 0.005)


def test_it_is_forgotten_soon() -> None:
    assert not noted(*[0.005] * 100, 0.0, 0.0, 0.0)


def test_a_loop_that_is_busy_itself_is_late_a_little() -> None:
    assert not noted(*[0.0025] * 100)
