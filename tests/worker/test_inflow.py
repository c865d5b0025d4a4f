"""A body that is taken piece by piece."""

from __future__ import annotations

from hendrix.worker.inflow import Inflow


def test_pieces_come_as_they_are_pulled() -> None:
    inflow, got = Inflow(), []
    inflow.pull(lambda *piece: got.append(piece))
    inflow.settle()
    assert got == []
    inflow.put(b"one")
    inflow.settle()
    inflow.put(b"two")
    inflow.put(b"three")
    inflow.settle()
    assert got == [(b"one", False)]
    inflow.end()
    inflow.pull(lambda *piece: got.append(piece))
    inflow.settle()
    assert got == [(b"one", False), (b"twothree", True)]
    assert inflow.size == 11


def test_an_empty_body_ends_at_once() -> None:
    inflow, got = Inflow(), []
    inflow.end()
    inflow.pull(lambda *piece: got.append(piece))
    inflow.settle()
    assert got == [(b"", True)]


def test_full_until_it_is_pulled() -> None:
    inflow = Inflow()
    inflow.put(b"x" * 65536)
    assert not inflow.full
    inflow.put(b"x")
    assert inflow.full
    inflow.pull(lambda *_: None)
    inflow.settle()
    assert not inflow.full
