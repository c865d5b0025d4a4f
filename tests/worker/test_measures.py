"""What a worker counts of each request."""

from __future__ import annotations

from time import monotonic
from types import SimpleNamespace
from typing import Any

from hendrix.core.measure import BOUNDS, LONGEST_VIEW, MOST_VIEWS, OTHERS, QUEUE, SIZE, UNSEEN
from hendrix.core.noted import Named, Noted
from hendrix.worker.measures import Measures

ENGINE: Any = SimpleNamespace(site=SimpleNamespace(connections=()), cache=None)


def over(
    measures: Measures, noted: Noted | None, status: str = "200 OK", ago: float = 0.0, complete: bool = True
) -> Any:
    exchange: Any = SimpleNamespace(
        request=SimpleNamespace(noted=noted), began=monotonic() - ago, status=status, complete=complete
    )
    measures.over(exchange)
    return exchange


def counts(measures: Measures) -> dict[str, float]:
    return {key: sum(spread[:-1]) for key, spread in measures.report(ENGINE).series.items()}


def test_by_view_and_class_of_status() -> None:
    measures = Measures()
    for status in ("200 OK", "204 No Content", "404 Not Found"):
        over(measures, Named("home"), status)
    over(measures, None, "301 Moved Permanently")
    over(measures, Named(""), "404 Not Found")
    over(measures, Named("home"), "", complete=False)
    over(measures, Named("home"), complete=False)  # it had begun
    assert counts(measures) == {"2home": 2, "4home": 1, f"3{UNSEEN}": 1, f"4{UNSEEN}": 1, "0home": 2}


def test_what_was_noted_is_let_go() -> None:
    """It may know the exchange, which knows it: a circle."""
    assert over(Measures(), Named("home")).request.noted is None


def test_how_long_it_took_and_waited() -> None:
    measures = Measures()
    over(measures, Named("home", waited=0.2), ago=0.3)
    over(measures, Named("home"), ago=40)
    report = measures.report(ENGINE)
    spread = report.series["2home"]
    assert len(spread) == SIZE
    assert spread[BOUNDS.index(0.5)] == 1
    assert spread[len(BOUNDS)] == 1
    assert 40.3 <= spread[-1] < 45
    assert report.spreads[QUEUE][BOUNDS.index(0.25)] == 1
    assert sum(report.spreads[QUEUE][:-1]) == 1


def test_only_what_is_new_is_told_but_nothing_is_lost() -> None:
    measures = Measures()
    over(measures, Named("home"))
    assert counts(measures) == counts(measures) == {"2home": 1}  # it did not go out
    measures.told()
    assert counts(measures) == {}
    over(measures, Named("home"))
    assert counts(measures) == {"2home": 1}


def test_answers_given_again_count_for_whom_they_were_made() -> None:
    measures = Measures()
    exchange: Any = SimpleNamespace(request=SimpleNamespace(noted=Named("(files)")), status="304 Not Modified")
    valid = True
    still = measures.repeats(exchange, lambda: valid)
    assert still()
    measures.told()
    assert still()
    valid = False
    assert not still()
    assert measures.repeats(exchange, None)()
    assert counts(measures) == {"3(files)": 2}


def test_views_and_their_names_are_bounded() -> None:
    measures = Measures()
    for number in range(MOST_VIEWS + 5):
        over(measures, Named(f"{'x' * LONGEST_VIEW}" if not number else f"view{number}"))
    over(measures, Named("y" * 1000))
    found = counts(measures)
    assert len(found) == MOST_VIEWS + 1
    assert found[f"2{OTHERS}"] == 6
    assert max(map(len, found)) == LONGEST_VIEW + 1
