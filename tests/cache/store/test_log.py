"""The circle of records by itself, against a plain dictionary."""

from __future__ import annotations

import random

import pytest

from hendrix.cache.store.log import Log

SIZE = 1 << 18


@pytest.fixture
def log(tmp_path) -> Log:
    return Log(str(tmp_path / "log"), SIZE)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_found_is_what_was_written_last(log: Log, seed: int, tmp_path) -> None:
    chance, known, others = random.Random(seed), dict[int, bytes](), Log(str(tmp_path / "log"), SIZE)
    for _ in range(4000):
        digest = chance.randrange(1, 400)
        match chance.random():
            case turn if turn < 0.5:
                payload = chance.randbytes(chance.choice([0, 1, 7, 100, 1000, 9000]))
                assert chance.choice([log, others]).write(digest, payload, 0).payload == payload
                known[digest] = payload
            case turn if turn < 0.6:
                log.drop(digest)
                known.pop(digest, None)
            case _:
                found = chance.choice([log, others]).read(digest)
                assert found is None or found.payload == known[digest]
    found = [digest for digest in known if log.read(digest)]
    assert len(found) == log.count
    assert sum(len(known[digest]) for digest in found) > SIZE // 3
    assert {one.position for one in log.newest()} == {log.read(digest).position for digest in found}


def test_the_newest_are_kept(log: Log) -> None:
    for digest in range(1, 2000):
        log.write(digest, b"x" * 2000, 0)
        assert log.read(digest)
    kept = [digest for digest in range(1, 2000) if log.read(digest)]
    assert len(kept) > 50
    assert max(kept) == 1999


def test_a_record_of_any_length_that_fits(log: Log) -> None:
    for length in range(0, 40_000, 331):
        assert log.write(length + 1, b"y" * length, 0)
        assert log.read(length + 1).payload == b"y" * length
    assert log.write(9, b"y" * SIZE, 0) is None


def test_its_marks_find_it(log: Log) -> None:
    log.write(1, b"a", 0b0110)
    log.write(2, b"b", 0b0011)
    assert [digest for digest, _ in log.marked(0b0010)] != []
    assert {digest for digest, _ in log.marked(0b0100)} == {1}
    assert {digest for digest, _ in log.marked(0)} == {1, 2}


def test_only_the_record_that_was_meant_is_dropped(log: Log) -> None:
    old = log.write(1, b"a", 0)
    new = log.write(1, b"b", 0)
    assert not log.drop(1, old.position)
    assert log.read(1).payload == b"b"
    assert log.drop(1, new.position)
    assert log.read(1) is None
