"""Can task workers work? Packages, settings, tables: what is missing is said in one line."""

from __future__ import annotations

import importlib.util
from typing import Any

from django.apps import apps
from django.db import Error, connections

_APPS = ("django_tasks_db", "hendrix.tasks")


def fault() -> str:
    """What is wrong, and what to do about it; empty where they can."""
    if importlib.util.find_spec("django_tasks_db") is None:
        return "tasks in the database need another package: pip install 'hendrix[tasks]'"
    if missing := [name for name in _APPS if not apps.is_installed(name)]:
        return f"INSTALLED_APPS lacks {' and '.join(map(repr, missing))}; add it, and run manage.py migrate"
    if not backends():
        name = "hendrix.tasks.backend.TaskBackend"
        return f"no backend of TASKS keeps tasks in the database: set TASKS = {{'default': {{'BACKEND': '{name}'}}}}"
    return _missing_tables()


def backends() -> list[Any]:
    """Those of ``TASKS`` whose tasks are in the database."""
    from django_tasks_db import DatabaseBackend  # noqa: PLC0415 - an extra
    from django_tasks_db.compat import task_backends  # noqa: PLC0415

    return [backend for alias in task_backends if isinstance(backend := task_backends[alias], DatabaseBackend)]


def alias() -> str:
    """The database that the tasks are in."""
    from django_tasks_db.models import DBTaskResult  # noqa: PLC0415

    return str(DBTaskResult.objects.all().select_for_update().db)


def _missing_tables() -> str:
    from django_tasks_db.models import DBTaskResult  # noqa: PLC0415

    from hendrix.tasks.models import TaskSchedule, TaskWorker  # noqa: PLC0415

    using = alias()
    try:
        there = set(connections[using].introspection.table_names())
    except Error:
        return ""  # the database may be there in a moment; until then the workers wait
    wanted = [model._meta.db_table for model in (DBTaskResult, TaskWorker, TaskSchedule)]
    if missing := [name for name in wanted if name not in there]:
        more = "" if using == "default" else f" --database {using}"
        return f"the database has no table {missing[0]}; run manage.py migrate{more}"
    return ""
