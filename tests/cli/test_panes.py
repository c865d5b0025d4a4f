"""The screen of ``hx top`` as text: it fits, it says what matters, and nothing in it can steer a terminal."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from hendrix.cli.panes import PANES, View, page
from hendrix.cli.screen import run
from hendrix.core.errors import HendrixError
from hendrix.core.measure import BOUNDS, empty
from hendrix.observe.glance import Look, glance, quantile

NOW = 1_000_000.0


def worker(number: int, **more: Any) -> dict[str, Any]:
    row = {"worker": number, "pid": 100 + number, "generation": 3, "state": "ready", "kind": "web", "age": 60.0}
    return {**row, "threads": 4, "busy": 1, "queue": 0, "connections": 2, "requests": 0, "rss": 50 << 20, **more}


def spread(**counts: int) -> list[float]:
    """``b0=3`` is three in the first bucket."""
    found = empty()
    for name, count in counts.items():
        found[int(name[1:])] = count
        found[-1] += count * BOUNDS[int(name[1:])]
    return found


def look(at: float, workers: list[dict[str, Any]], **more: Any) -> Look:
    requests = sum(row["requests"] for row in workers)
    measures = {"counts": {"requests": requests}, "series": more.pop("series", {}), "levels": more.pop("levels", {})}
    seen = more.pop("seen", {})
    facts = {"pid": 1, "started": NOW - 100, "version": "6", "name": "shop", "phase": "running", "generation": 3}
    return Look(at, {**facts, "workers": workers, "measures": measures}, seen, more.pop("cpu", {}))


HOSTILE = {
    "id": "\x1b[31m",
    "method": "GET",
    "url": "/\x1b]0;title\x07" + "x" * 500,
    "age": 12.0,
    "view": "a.view\n",
    "where": "thread 1",
    "peer": "\r",
}


def test_rates_are_of_what_came_between_two_looks() -> None:
    before = look(10.0, [worker(1, requests=100)], cpu={101: 5.0})
    now = look(12.0, [worker(1, requests=150), worker(2, requests=10)], cpu={101: 6.0, 102: 1.0})
    told = glance(before, now)
    assert [row["rate"] for row in told["workers"]] == [25.0, None]
    assert [row["cpu"] for row in told["workers"]] == [0.5, None]
    assert told["rate"] == 30.0
    assert glance(None, now)["rate"] is None


def test_views_that_took_most_time_come_first_and_latency_is_of_the_moment() -> None:
    old = {"2slow": spread(b8=10), "2fast": spread(b0=90)}
    new = {"2slow": spread(b8=10), "2fast": spread(b0=190), "5fast": spread(b1=3)}
    told = glance(look(0.0, [], series=old), look(1.0, [], series=new, levels={"in_flight": 0}))
    assert [(row["view"], row["count"], row["failed"]) for row in told["views"]] == [("slow", 10, 0), ("fast", 193, 3)]
    assert told["latency"] == {"p50": BOUNDS[0], "p95": BOUNDS[0]}
    assert quantile(empty(), 0.5) is None


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (20, 3), (200, 60)])
@pytest.mark.parametrize("pane", PANES)
def test_every_page_fits_and_is_printable(pane: str, size: tuple[int, int]) -> None:
    width, height = size
    errors = [{"at": NOW, "request": "GET /\x1b[2J", "error": "E\n", "id": "\x07"}] * 60
    seen = {"workers": [{"worker": 1, "in_flight": 99, "requests": [HOSTILE] * 50, "errors": errors}], "silent": [2]}
    workers = [worker(number) for number in range(40)]
    facts = glance(None, look(1.0, workers, seen=seen, series={"2v\x1b": spread(b1=3)}, levels={"in_flight": 1}))
    for view in (
        View(pane),
        View(pane, chosen=49),
        View(pane, stack=["\x1b[31m"] * 100),
        View(pane, question="y" * 300),
    ):
        lines = page(facts, view, width, height, NOW)
        assert len(lines) == height
        assert all(len(text) < width and text.isprintable() for text, _ in lines)


def test_a_terminal_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "nobody-has-this")
    with pytest.raises(HendrixError, match=r"'nobody-has-this' \(TERM\) is not known here; set TERM=xterm"):
        run(Mock())


def test_what_speaks_no_protocol_is_not_listed() -> None:
    levels = {"sockets_http1": 2, "sockets_websocket": 0}
    lines = page(glance(None, look(10.0, [worker(1)], levels=levels)), View(), 80, 24, NOW)
    assert "sockets: http1 2" in [line.strip() for line, _ in lines]


def test_a_worker_that_stands_still_is_told_of() -> None:
    facts = glance(None, look(1.0, [worker(1)], seen={"workers": [], "silent": [1]}))
    assert "worker 1 does not answer: its event loop stands still" in [
        text for text, _ in page(facts, View(), 80, 24, NOW)
    ]


def test_the_workers_fit_eighty_columns_by_what_they_are_sorted() -> None:
    facts = glance(None, look(1.0, [worker(1, rss=10), worker(2, rss=99 << 30, pid=4194304, age=86400 * 99)]))
    lines = [text for text, _ in page(facts, View(sort="rss"), 80, 24, NOW)]
    head = next(number for number, text in enumerate(lines) if text.startswith("WORKER"))
    assert [line.split()[0] for line in lines[head + 1 : head + 3]] == ["2", "1"]
    assert lines[head + 1].endswith("99.0G")
