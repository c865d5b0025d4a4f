"""Answers that are asked for and not taken do not fill the memory (RFC 9113 section 10.5)."""

from __future__ import annotations

import pytest

from hendrix.wire.http2.hoard import MOST, Hoard, Hoards

RATE = 500
MUCH = [MOST // 8] * 16


def weighed(hoard: Hoard, times: list[float], waiting: list[int], *, rate: float = 0, stuck: bool = False) -> float:
    """When it is found to be too much, with ``rate`` bytes taken in a second; or -1."""
    for now in times:
        if hoard.weigh(waiting, int(now * rate), now, stuck=stuck):
            return now
    return -1


def halves(seconds: int) -> list[float]:
    return [half / 2 for half in range(2 * seconds)]


def test_a_peer_that_opens_no_window_has_a_second() -> None:
    assert 1 <= weighed(Hoard(Hoards(), RATE, 0), halves(10), MUCH) <= 1.5


def test_drops_do_not_help() -> None:
    assert 1 <= weighed(Hoard(Hoards(), RATE, 0), halves(10), MUCH, rate=RATE - 1) <= 1.5


def test_one_that_takes_what_it_must_goes_on() -> None:
    assert weighed(Hoard(Hoards(), RATE, 0), halves(60), MUCH, rate=RATE * 2) == -1


def test_one_whose_network_is_gone_for_a_moment() -> None:
    assert weighed(Hoard(Hoards(), RATE, 0), halves(60), MUCH, stuck=True) == 5


def test_one_answer_is_what_waits_over_http_1_as_well() -> None:
    assert weighed(Hoard(Hoards(), RATE, 0), halves(60), [10 * MOST]) == -1


def test_as_long_as_there_is_room_it_may_wait() -> None:
    assert weighed(Hoard(Hoards(), RATE, 0), halves(60), [MOST // 16] * 16) == -1


def test_all_connections_count_together_and_only_so_many_go() -> None:
    hoards = Hoards()
    peers = [Hoard(hoards, RATE, 0) for _ in range(20)]
    gone = []
    for now in halves(3):
        gone += [peer for peer in peers if peer not in gone and peer.weigh([MOST // 10] * 2, 0, now, stuck=False)]
    assert len(gone) == 10
    assert hoards.total <= MOST
    for peer in peers:
        peer.leave()
    assert hoards.total == 0


@pytest.mark.parametrize("how", ["taken", "nothing waits"])
def test_whoever_goes_on_in_time_begins_anew(how: str) -> None:
    hoards = Hoards()
    other, hoard = Hoard(hoards, RATE, 0), Hoard(hoards, RATE, 0)
    assert weighed(hoard, halves(2), [MOST // 4] * 2) == -1
    assert hoards.total == MOST // 4
    assert not hoard.weigh(MUCH if how == "taken" else [], 10_000 if how == "taken" else 0, 2, stuck=False)
    assert hoards.total == 0
    assert weighed(other, halves(2), [1000] * 2) == -1
