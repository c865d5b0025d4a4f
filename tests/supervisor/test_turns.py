"""Who runs what runs once: nobody twice, and never nobody while somebody would."""

from hypothesis import given
from hypothesis import strategies as st

from hendrix.supervisor.entries import Worker
from hendrix.supervisor.turns import Turns


def roster(*rows):
    return {number: Worker(number, place, generation, 0.0, 0.0) for number, place, generation in rows}


def test_the_first_who_asks_has_it() -> None:
    turns, workers = Turns(), roster((1, 0, 1), (2, 1, 1))
    turns.ask(2)
    assert turns.look(workers, 0) == 2
    turns.ask(1)
    assert turns.look(workers, 0) is None
    assert turns.holder == 2


def test_when_it_is_gone_the_generation_that_serves_comes_first() -> None:
    turns, workers = Turns(), roster((1, 0, 1), (2, 1, 1), (3, 0, 2))
    for worker in (1, 3, 2):
        turns.ask(worker)
        turns.look(workers, 1)
    del workers[1]
    assert turns.look(workers, 1) == 2
    assert turns.waiting == {3}


def test_one_that_leaves_is_no_heir() -> None:
    turns, workers = Turns(), roster((1, 0, 1), (2, 1, 1), (3, 0, 2))
    for worker in (1, 2, 3):
        turns.ask(worker)
        turns.look(workers, 1)
    workers[1].told = workers[2].told = True
    assert turns.look(workers, 2) is None  # it still has them
    turns.end(1)
    assert turns.look(workers, 2) == 3


@given(st.lists(st.tuples(st.sampled_from(["ask", "end", "die", "tell"]), st.integers(1, 5))))
def test_whatever_happens(events) -> None:
    turns, workers = Turns(), roster(*((number, number, number % 2 + 1) for number in range(1, 6)))
    for what, number in events:
        if what == "ask" and number in workers:
            turns.ask(number)
        elif what == "end":
            turns.end(number)
        elif what == "die":
            workers.pop(number, None)
        elif what == "tell" and number in workers:
            workers[number].told = True
        before = turns.holder
        heir = turns.look(workers, 1)
        assert heir is None or (heir == turns.holder and heir in workers and not workers[heir].told)
        assert turns.holder is None or turns.holder in workers
        assert before is None or before not in workers or turns.holder == before
        assert turns.holder is not None or not turns.waiting
