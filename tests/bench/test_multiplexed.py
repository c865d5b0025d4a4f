"""HTTP/2: what h2load says, and the section."""

from __future__ import annotations

import pytest

from bench import multiplexed
from bench.progress import BenchError
from bench.rounds import Plan, Sample

SAID = """
finished in 334.78ms, 5974.11 req/s, 602.06KB/s
requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: {good} 2xx, 0 3xx, 0 4xx, 0 5xx
"""


def test_what_h2load_says() -> None:
    assert multiplexed.read_report(SAID.format(good=2000), "") == (2000, pytest.approx(0.33478), "")


def test_answers_that_are_no_good_ones() -> None:
    assert multiplexed.read_report(SAID.format(good=1990), "") == (1990, pytest.approx(0.33478), "10 requests failed")


@pytest.mark.parametrize("complaint", ["", "h2load: cannot connect"])
def test_a_load_that_failed(complaint: str) -> None:
    count, seconds, errors = multiplexed.read_report("", complaint)
    assert (count, seconds) == (0, 0.0)
    assert errors == (complaint or "h2load said nothing")


def test_who_is_asked() -> None:
    assert [one.name for one in multiplexed.choose("")] == ["hendrix", "granian", "gunicorn", "hypercorn"]
    assert [one.name for one in multiplexed.choose("granian,nginx")] == ["granian"]
    with pytest.raises(BenchError):
        multiplexed.choose("nobody")


def test_the_section() -> None:
    samples = [
        Sample(question.name, name, number, 1000, cost, 4000, peak_mb=60.0)
        for question in multiplexed.QUESTIONS
        for name, cost in (("hendrix", 200.0), ("granian", 400.0))
        for number in (1, 2, 3)
    ]
    section = multiplexed.draw({"samples": [one.as_dict() for one in samples]}, Plan(3, 1))
    assert "| Granian | 4,000 | 400 | 2.00 | 60.0 | 3 |" in section.text
    assert section.text.count("###") == 2
