"""Schedules: what may be said, and when they are due."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hendrix.tasks.schedule import planned

BERLIN = ZoneInfo("Europe/Berlin")


def one(**entry):
    (made,) = planned({"name": {"task": "shop.tasks.clean", "cron": "0 3 * * *", **entry}})
    return made


def test_when_it_is_due() -> None:
    assert one().after(datetime(2026, 1, 1, 3, 0, tzinfo=BERLIN)) == datetime(2026, 1, 2, 3, 0, tzinfo=BERLIN)
    assert one(cron="*/15 * * * *").after(datetime(2026, 1, 1, 0, 1)) == datetime(2026, 1, 1, 0, 15)


def test_an_hour_that_does_not_exist_is_not_missed() -> None:
    """2:30 on the morning of 29 March 2026 in Berlin."""
    due = one(cron="30 2 * * *").after(datetime(2026, 3, 28, 12, tzinfo=BERLIN))
    assert due.date().isoformat() == "2026-03-29"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"cron": "every day"}, "no cron expression"),
        ({"cron": "99 * * * *"}, "no cron expression"),
        ({"crn": "0 3 * * *"}, "'crn'"),
        ({"cron": "0 0 30 2 *"}, "no cron expression"),
    ],
)
def test_what_is_wrong_is_said(entry, reason) -> None:
    with pytest.raises(ValueError, match=reason):
        one(**entry)


@pytest.mark.parametrize("entry", ["0 3 * * *", {"task": "x"}, {"cron": "0 3 * * *"}])
def test_both_must_be_there(entry) -> None:
    with pytest.raises(ValueError, match="'task' and 'cron'"):
        planned({"name": entry})
