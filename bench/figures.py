"""Medians and pairwise ratios: the arithmetic between raw rounds and a table."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.rounds import Sample


@dataclass(frozen=True)
class Spread:
    """The median of some values, with the smallest and the largest."""

    low: float
    median: float
    high: float


def spread(values: Iterable[float]) -> Spread | None:
    """None where there is no value."""
    ordered = sorted(values)
    return Spread(ordered[0], statistics.median(ordered), ordered[-1]) if ordered else None


def middle(values: Iterable[float]) -> float | None:
    """The median; None where there is no value."""
    found = spread(values)
    return found.median if found else None


def valid(samples: Iterable[Sample], workload: str, server: str) -> list[Sample]:
    """The rounds that count, of one server under one workload."""
    return [one for one in samples if one.workload == workload and one.server == server and one.valid]


def by_round(samples: Iterable[Sample], field: str) -> dict[int, float]:
    """One figure of each round."""
    return {one.round: float(getattr(one, field)) for one in samples}


def pairwise(of: Mapping[int, float], to: Mapping[int, float]) -> Spread | None:
    """The ratio within each round that both have: the machine's other work of that moment is in both."""
    return spread(of[number] / to[number] for number in of if to.get(number))


def ratio(samples: Sequence[Sample], workload: str, of: str, to: str, field: str = "cpu_us") -> Spread | None:
    """The pairwise ratio of one figure of two servers under one workload."""
    return pairwise(by_round(valid(samples, workload, of), field), by_round(valid(samples, workload, to), field))
