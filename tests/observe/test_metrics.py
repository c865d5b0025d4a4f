"""What Prometheus is given, judged by Prometheus itself."""

from __future__ import annotations

from typing import Any

import pytest

from hendrix.core.measure import BOUNDS, LAG, QUEUE, empty
from hendrix.observe.metrics import exposition
from tests.kit.promtool import Unavailable, objections, samples


def spread(*seconds: float) -> list[float]:
    found = empty()
    for each in seconds:
        found[sum(bound < each for bound in BOUNDS)] += 1
        found[-1] += each
    return found


def worker(place: int, kind: str = "web", state: str = "ready", **more: Any) -> dict[str, Any]:
    counts = {"connections": 3, "threads": 4, "busy": 1, "queue": 2, "rss": 1000, "pss": None}
    return {"worker": place + 10, "place": place, "kind": kind, "state": state, **counts, **more}


def facts(**measures: Any) -> dict[str, Any]:
    return {
        "version": "6.0",
        "started": 1_700_000_000.25,
        "reloads": 2,
        "failed_reloads": 1,
        "workers_started": 7,
        "workers_wanted": 2,
        "task_workers_wanted": 1,
        "crashes": 1,
        "renewals": [{"name": "shop.example", "expires": 1_800_000_000.0}, {"name": "new.example", "expires": 0.0}],
        "rss": 500,
        "pss": 400,
        "templates": [{"generation": 1, "pid": 5, "state": "loaded", "rss": 2000, "pss": 1000}],
        "workers": [worker(0), worker(1), worker(1, state="draining"), worker(-1, "tasks", queue=9)],
        "measures": {"counts": {}, "series": {}, "spreads": {}, "levels": {}, **measures},
    }


HOSTILE = 'a "quoted"\\ view\nhendrix_crashes_total 99'
FULL = facts(
    counts={"requests": 12, "tasks": 3, "asked": 4, "hits": 1},
    series={
        "2shop:item": spread(0.001, 0.3, 31),
        "4shop:item": spread(0.02),
        "0shop:item": spread(2),
        f"5{HOSTILE}": spread(0.1),
    },
    spreads={QUEUE: spread(0.2), LAG: spread(0.0)},
    levels={"in_flight": 2, "background": 1, "sockets_http1": 3, "cache_entries": 4, "cache_bytes": 5000},
)


@pytest.mark.parametrize("told", [facts(), FULL], ids=["without --metrics", "all"])
def test_prometheus_has_no_objection(told: dict[str, Any]) -> None:
    try:
        assert objections(exposition(told)) == ""
    except Unavailable as error:
        pytest.skip(str(error))


def test_requests_by_view_and_class() -> None:
    found = samples(exposition(FULL))
    assert found['hendrix_requests_total{view="shop:item",code="2xx"}'] == 3
    assert found['hendrix_requests_total{view="shop:item",code="4xx"}'] == 1
    assert found['hendrix_requests_total{view="shop:item",code="aborted"}'] == 1


def test_a_histogram_counts_upwards_and_bounds_are_within() -> None:
    found = samples(exposition(FULL))

    def below(bound: str) -> float:
        return found[f'hendrix_request_duration_seconds_bucket{{view="shop:item",le="{bound}"}}']

    assert [below(bound) for bound in ("0.001", "0.005", "0.025", "0.5", "2.5", "30.0", "+Inf")] == [
        1,
        1,
        2,
        3,
        4,
        4,
        5,
    ]
    assert found['hendrix_request_duration_seconds_count{view="shop:item"}'] == 5
    assert found['hendrix_request_duration_seconds_sum{view="shop:item"}'] == pytest.approx(33.321)


def test_no_view_can_write_a_line_of_its_own() -> None:
    text = exposition(FULL)
    assert not [line for line in text.splitlines() if line.startswith("hendrix_crashes_total")]
    assert 'view="a \\"quoted\\"\\\\ view\\nhendrix_crashes_total 99"' in text


def test_workers_of_one_place_are_one_series() -> None:
    """Numbers of workers grow for ever, places do not."""
    found = samples(exposition(FULL))
    assert found['hendrix_resident_memory_bytes{kind="web",place="1"}'] == 2000
    assert found['hendrix_workers{kind="web",state="ready"}'] == 2
    assert found["hendrix_connections"] == 9
    assert found["hendrix_tasks_waiting"] == 9
    assert found['hendrix_certificate_expiry_timestamp_seconds{name="shop.example"}'] == 1_800_000_000
    assert 'hendrix_certificate_expiry_timestamp_seconds{name="new.example"}' not in found


def test_no_worker_that_is_ready_is_said_too() -> None:
    """A series that is not there would silence the alarm about it."""
    found = samples(exposition({**facts(), "workers": []}))
    assert found['hendrix_workers{kind="web",state="ready"}'] == 0
