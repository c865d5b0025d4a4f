"""Tasks: the section, from its raw figures."""

from __future__ import annotations

from dataclasses import asdict

from bench import tasks
from bench.rounds import Plan
from bench.tasks import Done


def test_ratios_are_those_within_a_round() -> None:
    runs = [
        Done("sqlite", "hendrix", 1, 1000, 1000, 2.0, 100),
        Done("sqlite", "reference", 1, 1000, 1000, 4.0, 300),
        Done("sqlite", "hendrix", 2, 1000, 1000, 4.0, 200),
        Done("sqlite", "reference", 2, 1000, 1000, 8.0, 500),
        Done("sqlite", "hendrix", 0, 10_000, 10_000, 20.0, 100),
        Done("sqlite", "reference", 0, 10_000, 6000, 75.0, 250),
    ]
    section = tasks.draw({"runs": [asdict(one) for one in runs]}, Plan(2, 1))
    assert "| Hendrix | 1,000 | 375 | 150 | 1.00 | 2 |" in section.text
    assert "| django-tasks-db | 1,000 | 188 | 400 | 2.75 | 2 |" in section.text
    assert "| Hendrix | 10,000 | 500 | 100 | 1.00 | 1 |" in section.text
    assert "| django-tasks-db | 6,000 of 10,000, then time was up | 80.0 | 250 | 2.50 | 1 |" in section.text
    assert "PostgreSQL:" not in section.text
    assert "375" in section.pictures["tasks.svg"]
