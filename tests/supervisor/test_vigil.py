"""Whether we stood still, told from the clock alone."""

from hendrix.supervisor.vigil import OVERSLEPT, Vigil


def test_awake_in_time_or_a_little_late():
    vigil = Vigil(0.0)
    vigil.sleep(0.0, 5.0)
    assert not vigil.overslept(3.0)
    vigil.sleep(3.0, 5.0)
    assert not vigil.overslept(8.0 + OVERSLEPT / 2)


def test_late_and_told_once():
    vigil = Vigil(0.0)
    vigil.sleep(0.0, 5.0)
    assert vigil.overslept(6.0)
    assert not vigil.overslept(6.0)


def test_stood_still_while_awake():
    vigil = Vigil(0.0)
    vigil.sleep(0.0, 5.0)
    assert not vigil.overslept(1.0)
    assert not vigil.overslept(1.1)
    assert vigil.overslept(1.2 + OVERSLEPT)


def test_who_waits_for_something_to_happen_is_never_late():
    vigil = Vigil(0.0)
    vigil.sleep(0.0, None)
    assert not vigil.overslept(1e9)
    assert vigil.overslept(2e9)


def test_stood_still_just_before_it_slept():
    vigil = Vigil(0.0)
    assert not vigil.overslept(0.1)
    vigil.sleep(5.0, 1.0)
    assert vigil.overslept(5.1)
