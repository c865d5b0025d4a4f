"""Migrations that are pending, and SQLite with many writers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hendrix.cli.doctor.facts import Migrations, Settings
from hendrix.cli.doctor.finding import INFO, WARNING, Finding, some
from hendrix.cli.doctor.situation import Situation


def judge(found: Mapping[str, Migrations], situation: Situation) -> Iterator[Finding]:
    """Of each database."""
    for alias, each in found.items():
        command = "manage.py migrate" if alias == "default" else f"manage.py migrate --database {alias}"
        if each.unreachable:
            yield Finding(
                "database.unreachable",
                WARNING,
                f"the database {alias} cannot be asked: {each.unreachable}",
                "pages that need it fail, and whether migrations are pending is not known",
                f'{situation.settings.module}: DATABASES["{alias}"]; or start the database',
            )
        elif each.absent:
            yield Finding(
                "database.absent",
                situation.grave,
                f"the database {alias} is not there: {each.absent}",
                "SQLite makes an empty one at the first query, which finds no table",
                f"run {command}",
            )
        elif each.pending:
            # One beside the default that has never seen any may be somebody else's.
            foreign = each.never and alias != "default"
            yield Finding(
                "migrations",
                INFO if foreign else situation.grave,
                f"{_count(len(each.pending))} not applied to the database {alias}: {some(each.pending)}",
                "code that expects tables and columns which are not there fails with status 500",
                f"run {command}",
            )


def _count(number: int) -> str:
    return "1 migration is" if number == 1 else f"{number} migrations are"


def judge_writers(found: Settings, situation: Situation) -> Iterator[Finding]:
    """SQLite has one writer at a time."""
    if situation.processes < 2:
        return
    for alias, database in found.databases.items():
        if database.engine.rpartition(".")[2] != "sqlite3":
            continue
        tuned = database.immediate and database.wal
        yield Finding(
            "sqlite",
            WARNING if situation.production and not tuned else INFO,
            f"{situation.processes} processes share the SQLite database {alias}",
            f"one writes at a time; the others wait, and fail with 'database is locked' after {database.patience:g} "
            f"seconds{'' if database.immediate else ', or at once where a transaction has read before it writes'}",
            _tuning(alias, found.module) if not tuned else "PostgreSQL, once there is much to write",
        )


def _tuning(alias: str, module: str) -> str:
    options = '{"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"}'
    return f'{module}: DATABASES["{alias}"]["OPTIONS"] = {options}, or PostgreSQL'
