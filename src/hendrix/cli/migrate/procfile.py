"""A ``Procfile``: processes of a platform such as Heroku, a line each."""

from __future__ import annotations

import re

from hendrix.cli.migrate.commands import is_command, read_command
from hendrix.cli.migrate.migration import Migration
from hendrix.core.errors import UsageError

_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")
_TASKS = re.compile(r"\b(celery|rqworker|rq worker|dramatiq|huey|db_worker|qcluster|django-q)\b")


def is_procfile(text: str) -> bool:
    """Does every line that says something look like one?"""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and all(_LINE.fullmatch(line.strip()) for line in lines)


def read_procfile(name: str, text: str) -> Migration:
    """The process ``web`` becomes options. Raises ``UsageError`` where there is none."""
    migration = Migration(name)
    web = ""
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(line.strip())
        if found is None or line.lstrip().startswith("#"):
            continue
        kind, command = found[1], found[2]
        if is_command(command) and not web:
            web = f"line {number}"
            read = read_command(name, command, web)
            migration.found, migration.left = read.found, [*read.left, *migration.left]
        else:
            migration.leave(f"line {number}: {kind}: {command}", f"line {number}", _advice(kind, command))
    if not web:
        raise UsageError(f"{name}: no process of it is a server that can be read")
    return migration


def _advice(kind: str, command: str) -> str:
    if kind == "release":
        return "run it before hx reload, as the platform does before a release"
    if _TASKS.search(command):
        return "keep it as it is; django.tasks need no process of their own"
    return "not a server; keep it as it is"
