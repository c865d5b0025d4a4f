"""Statuses as people write them."""

import pytest

from hendrix.tasks.statuses import statuses


@pytest.mark.parametrize(
    ("named", "within", "without"),
    [
        ([404], {404}, {403, 405}),
        (["302"], {302}, {301, 303}),
        (["4xx"], {400, 418, 499}, {399, 500}),
        (["5XX", 302], {302, 500, 599}, {600, 499}),
        (["400-405"], {400, 403, 405}, {399, 406}),
        ([], set(), {200, 404, 500}),
    ],
)
def test_what_they_hold(named, within, without) -> None:
    found = statuses(named)
    assert within <= found
    assert not without & found


@pytest.mark.parametrize("wrong", ["40x", "405-400", "", "all", "4", True])
def test_what_is_none(wrong) -> None:
    with pytest.raises(ValueError, match="is no status"):
        statuses([wrong])
