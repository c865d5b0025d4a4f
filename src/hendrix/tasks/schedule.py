"""Schedules: entries of the settings, and when each is due next (cron's own language)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_KNOWN = {"task", "cron", "args", "kwargs", "queue_name", "priority"}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Planned:
    """``task`` (a dotted path) with ``args`` and ``kwargs``, whenever ``cron`` says."""

    name: str
    task: str
    cron: str
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    queue_name: str | None = None
    priority: int | None = None

    def after(self, moment: datetime) -> datetime:
        """When it is due next after ``moment``, by the clock of that time zone."""
        from cronsim import CronSim  # noqa: PLC0415 - an extra

        return next(CronSim(self.cron, moment))


def planned(entries: Mapping[str, Any]) -> list[Planned]:
    """The entries of ``SCHEDULES``. Raises ``ValueError`` with the name and what is wrong."""
    return [_one(str(name), entry) for name, entry in entries.items()]


def _one(name: str, entry: Any) -> Planned:
    if not isinstance(entry, Mapping) or not {"task", "cron"} <= set(entry):
        raise ValueError(f"{name!r} must be a dict with 'task' and 'cron'")
    if unknown := set(entry) - _KNOWN:
        raise ValueError(
            f"{name!r} has {', '.join(map(repr, sorted(unknown)))}; known are {', '.join(sorted(_KNOWN))}"
        )
    if len(name) > _LONGEST or len(str(entry["cron"])) > _LONGEST:
        raise ValueError(f"{name!r}: names and cron expressions have at most {_LONGEST} characters")
    made = Planned(name, **{**entry, "args": list(entry.get("args", ())), "kwargs": dict(entry.get("kwargs", {}))})
    _check(made)
    return made


def _check(made: Planned) -> None:
    try:
        from cronsim import CronSimError  # noqa: PLC0415
    except ImportError:
        raise ValueError("schedules need another package: pip install 'hendrix[tasks]'") from None
    try:
        made.after(datetime(2000, 1, 1))
    except (CronSimError, StopIteration):
        raise ValueError(f"{made.name!r}: {made.cron!r} is no cron expression such as '*/5 * * * *'") from None
