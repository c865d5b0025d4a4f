"""The journal: whatever is written over, cut off or damaged, what it tells is whole, and what is wanted is there."""

from __future__ import annotations

import random

import pytest

from hendrix.hub.journal import Journal


def nothing(record: bytes) -> bool:
    return False


def reopened(memory: bytearray) -> list[bytes]:
    return list(Journal(memory, nothing).records())


def test_what_was_written_is_there_after_a_death() -> None:
    memory = bytearray(4096)
    journal = Journal(memory, nothing)
    for number in range(10):
        journal.append(b"record %d" % number)
    assert reopened(memory) == [b"record %d" % number for number in range(10)]


def test_a_new_memory_is_empty() -> None:
    assert reopened(bytearray(4096)) == []


def test_the_oldest_goes_first_round_and_round() -> None:
    memory = bytearray(4096)
    journal = Journal(memory, nothing)
    for number in range(1000):
        journal.append(b"%06d" % number + b"x" * (number % 60))
    found = [int(record[:6]) for record in reopened(memory)]
    assert found == list(range(found[0], 1000))
    assert len(found) > 10


@pytest.mark.parametrize("seed", range(20))
def test_what_is_wanted_survives_any_number_of_rounds(seed) -> None:
    chance = random.Random(seed)
    wanted = {b"precious %d" % number + b"!" * chance.randrange(100) for number in range(5)}
    memory = bytearray(16384)
    journal = Journal(memory, lambda record: record in wanted)
    for record in wanted:
        journal.append(record)
    for _ in range(2000):
        journal.append(chance.randbytes(chance.randrange(1, 600)))
        assert wanted <= set(journal.records())
    assert wanted <= set(reopened(memory))


def test_where_all_is_wanted_the_oldest_goes_nevertheless() -> None:
    memory = bytearray(8192)
    journal = Journal(memory, lambda record: True)
    for number in range(500):
        journal.append(b"%d" % number * 20)
    assert b"499" * 20 in reopened(memory)


def test_what_is_too_large_is_refused_and_nothing_is_lost() -> None:
    memory = bytearray(4096)
    journal = Journal(memory, nothing)
    journal.append(b"here")
    with pytest.raises(ValueError, match="a record of"):
        journal.append(b"x" * (journal.largest + 1))
    journal.append(b"y" * journal.largest)
    assert reopened(memory)[0] == b"here"


@pytest.mark.parametrize("seed", range(20))
def test_a_death_in_the_middle_of_a_write_costs_nothing_that_was_whole(seed) -> None:
    chance = random.Random(seed)
    memory = bytearray(8192)
    journal = Journal(memory, nothing)
    for _ in range(chance.randrange(5, 200)):
        journal.append(chance.randbytes(chance.randrange(1, 300)))
    before = list(journal.records())
    # Killed after the bytes of a record were copied in part, but before the head moved.
    image = bytearray(memory)
    journal.append(b"z" * 200)
    torn = image[:24] + bytes(chance.choice((old, new)) for old, new in zip(image[24:], memory[24:], strict=True))
    torn[8:16] = memory[8:16]  # room had been made for it
    found = reopened(bytearray(torn))
    assert found == before[len(before) - len(found) :]
    assert len(found) > 5 or len(found) == len(before)


def test_nonsense_is_no_journal() -> None:
    memory = bytearray(random.Random(1).randbytes(4096))
    assert reopened(memory) == []
    memory[:8] = b"hxhub\0\0\1"
    assert reopened(memory) == []


def test_a_successor_has_the_name_of_the_first():
    memory = bytearray(4096)
    assert Journal(memory, lambda record: True).name(b"1" * 16) == "31" * 16
    assert Journal(memory, lambda record: True).name(b"2" * 16) == "31" * 16
