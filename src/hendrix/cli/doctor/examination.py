"""All facts judged: one row for each probe. A probe that failed is a finding itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hendrix.cli.doctor import (
    asked,
    certificates,
    database,
    deployment,
    files,
    loaded,
    memory,
    process,
    proxies,
    settings,
)
from hendrix.cli.doctor.facts import Settings
from hendrix.cli.doctor.finding import WARNING, Finding, gravest_first
from hendrix.cli.doctor.outcome import Outcome
from hendrix.cli.doctor.situation import Situation
from hendrix.core.config import Config

Judge = Callable[[Any, Situation], Iterator[Finding]]

#: Who judges what a probe has found, and what the probe is called in words.
_JUDGES: dict[str, tuple[str, tuple[Judge, ...]]] = {
    "settings": ("the settings", (settings.judge, memory.judge, proxies.judge, database.judge_writers)),
    "checks": ("Django's system checks", (deployment.judge,)),
    "migrations": ("pending migrations", (database.judge,)),
    "static": ("static files", (files.judge,)),
    "loaded": ("what the import does", (loaded.judge,)),
    "asked": ("what options ask for", (asked.judge,)),
    "certificates": ("certificates", (certificates.judge,)),
    "keys": ("modes of keys", (process.judge_secrets,)),
    "descriptors": ("the limit of descriptors", (process.judge_descriptors,)),
    "clock": ("the clock", (process.judge_clock,)),
    "runtime": ("the runtime directory", (process.judge_runtime,)),
}


def examined(config: Config, outcomes: Mapping[str, Outcome]) -> list[Finding]:
    """The gravest first."""
    known = outcomes.get("settings")
    situation = Situation(config, known.fact if known and known.fact else Settings())
    return gravest_first(each for name in _JUDGES if name in outcomes for each in _of(name, outcomes[name], situation))


def _of(name: str, outcome: Outcome, situation: Situation) -> Iterator[Finding]:
    title, judges = _JUDGES[name]
    if outcome.error:
        yield Finding(
            f"look.{name}",
            WARNING,
            f"{title}: this could not be looked at: {outcome.error}",
            "what is wrong there, if anything, is not known",
            "mend what the message names, and run hx check again",
        )
        return
    for judge in judges:
        yield from judge(outcome.fact, situation)
