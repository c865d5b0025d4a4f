"""A request's body: in memory, past a threshold or the common budget in an unnamed file."""

from __future__ import annotations

import gc
import os

import pytest

from hendrix.worker import body as room
from hendrix.worker.body import Body, Budget

MEGABYTE = 1024 * 1024


@pytest.fixture
def budget() -> Budget:
    return Budget()


def in_file(body: Body) -> bool:
    try:
        return os.fstat(body.file().fileno()).st_nlink == 0
    except OSError:
        return False


def filled(budget: Budget, size: int, piece: int = 65536) -> Body:
    body = Body(budget)
    data = bytes(range(256)) * (piece // 256)
    for at in range(0, size, piece):
        body.write(data[: size - at])
    assert body.size == size
    whole = (data * (size // piece + 1))[:size]
    assert body.file().read() == whole
    return body


def test_an_empty_one(budget) -> None:
    assert Body(budget).file().read() == b""
    assert budget.used == 0


@pytest.mark.parametrize(("size", "spooled"), [(1, False), (MEGABYTE, False), (MEGABYTE + 1, True)])
def test_the_threshold(budget, size, spooled) -> None:
    body = filled(budget, size)
    assert in_file(body) is spooled
    assert budget.used == (0 if spooled else size)


def test_one_large_piece(budget) -> None:
    assert in_file(filled(budget, 3 * MEGABYTE, 4 * MEGABYTE))


def test_past_the_budget_bodies_go_to_files(budget, monkeypatch) -> None:
    monkeypatch.setattr(room, "BUDGET", 200_000)
    first, second, third = filled(budget, 100_000), filled(budget, 90_000), filled(budget, 20_000)
    assert [in_file(body) for body in (first, second, third)] == [False, False, True]
    assert budget.used == 190_000
    del first
    gc.collect()
    assert budget.used == 90_000
    assert not in_file(filled(budget, 100_000))


def test_the_share_is_given_back_with_the_last_holder(budget) -> None:
    body = filled(budget, 1000)
    file = body.file()
    del body
    assert budget.used == 1000, "an application still reads it"
    del file
    assert budget.used == 0


def test_a_spooled_body_gives_its_share_back_once(budget) -> None:
    body = filled(budget, 2 * MEGABYTE)
    assert budget.used == 0
    del body
    gc.collect()
    assert budget.used == 0


def test_a_full_disk_is_an_os_error_and_takes_nothing(budget, monkeypatch) -> None:
    def full(*_args: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room.tempfile, "TemporaryFile", full)
    body = Body(budget)
    body.write(b"x" * MEGABYTE)
    with pytest.raises(OSError, match="No space"):
        body.write(b"x")
    del body
    gc.collect()
    assert budget.used == 0
