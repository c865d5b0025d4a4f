"""The two changes in the life of every task, each as one statement where the database can: it is taken; and it is done
and the next one is taken.

The second is one commit instead of two, and a commit is what takes time. The order is that of the queue at this very
moment: nothing is taken before the worker is free for it. Databases that cannot return what an UPDATE has changed
(MySQL, MariaDB, Oracle) have it done by Django's ORM, in two steps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.utils import timezone
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from hendrix.tasks import holding

#: Seconds for which the moment in the condition of what may be run counts as now: the statement is made anew then.
_NOW = 0.1

#: What is said of a task that is done, and what must still be so.
_FACTS = ("status", "finished_at", "return_value", "exception_class_path", "traceback")
_HELD = ("id", "status", "started_at")

Made = tuple[str, Sequence[Any]]


class Statements:
    """For the worker ``name`` on ``backends`` and ``queues``, in the database ``using``."""

    def __init__(self, name: str, using: str, backends: Sequence[str], queues: Sequence[str]) -> None:
        self._name, self._using = name, using
        self._backends, self._queues = backends, queues
        self._made = float("-inf")
        self._take: Made = ("", ())
        self._done = ""

    def waits(self) -> bool:
        """Is there a task that may be run now? It locks nothing."""
        return bool(holding.waiting(self._backends, self._queues).order_by()[:1].exists())

    def take(self) -> Any:
        """The first, held by this worker from now on; None where there is none. Raises ``OperationalError``, where the
        database is locked, too."""
        if not self._able():
            return holding.take(holding.waiting(self._backends, self._queues), self._name)
        return self._taken()

    def succeed_and_take(self, row: Any, value: Any) -> tuple[bool, Any]:
        """``row`` is done; and the next one, or None. False: it was lost meanwhile, and is another's."""
        if not self._able():
            return holding.succeed(row, value), None
        now = timezone.now()
        done = self._doing(row, value, now)
        if connections[self._using].vendor == "postgresql":
            kept, taken = self._at_once(done)
        else:
            with exclusive_transaction(self._using), connections[self._using].cursor() as cursor:
                cursor.execute(*done)
                kept = cursor.rowcount == 1
                taken = self._taken()
        if kept:
            row.status, row.finished_at, row.return_value = TaskResultStatus.SUCCESSFUL, now, value
            row.exception_class_path = row.traceback = ""
        return kept, taken

    # --- the SQL -------------------------------------------------------------------------------------------

    def _able(self) -> bool:
        connection = connections[self._using]
        if connection.vendor == "sqlite":
            return bool(connection.features.can_return_columns_from_insert)  # since 3.35
        return bool(connection.vendor == "postgresql")

    def _rows(self, sql: str, params: Sequence[Any]) -> list[Any]:
        return list(DBTaskResult.objects.using(self._using).raw(sql, params))

    def _taken(self) -> Any:
        return next(iter(self._rows(*self._taking())), None)

    def _at_once(self, done: Made) -> tuple[bool, Any]:
        """PostgreSQL: both within one statement, which has one answer."""
        taking = self._taking()
        sql = (
            f"WITH done AS ({done[0]} RETURNING 1), taken AS ({taking[0]}) "  # noqa: S608 - made of names of the model
            "SELECT (SELECT COUNT(*) FROM done) AS kept, taken.* FROM (SELECT 1) AS always LEFT JOIN taken ON TRUE"
        )
        (found,) = self._rows(sql, (*done[1], *taking[1]))
        return bool(found.kept), None if found.pk is None else found

    def _taking(self) -> Made:
        """The first that may be run becomes this worker's."""
        connection = connections[self._using]
        if time.monotonic() > self._made + _NOW:
            # Django makes the choice, by the queue's own order, and not anew for each task.
            first = holding.waiting(self._backends, self._queues).values("pk")[:1]
            self._take = _take_first(connection, *first.query.get_compiler(self._using).as_sql())
            self._made = time.monotonic()
        sql, params = self._take
        running = _prepared(connection, "status", TaskResultStatus.RUNNING)
        return sql, (running, _prepared(connection, "started_at", timezone.now()), self._name, *params)

    def _doing(self, row: Any, value: Any, now: Any) -> Made:
        """``row`` is done, if it is still held as it was taken."""
        connection = connections[self._using]
        facts = (TaskResultStatus.SUCCESSFUL, now, value, "", "", row.pk, TaskResultStatus.RUNNING, row.started_at)
        if not self._done:
            self._done = _done(connection)
        return self._done, [_prepared(connection, *fact) for fact in zip((*_FACTS, *_HELD), facts, strict=True)]


def _take_first(connection: Any, choice: str, params: Sequence[Any]) -> Made:
    status, started, workers = _columns(connection, "status", "started_at", "worker_ids")
    if connection.vendor == "postgresql":
        choice = f"{choice} {connection.ops.for_update_sql(skip_locked=True)}"
        one_more = f"{workers} || to_jsonb(%s::text)"
    else:
        one_more = f"json_insert({workers}, '$[#]', %s)"
    returned = ", ".join(_columns(connection, *(field.name for field in DBTaskResult._meta.concrete_fields)))
    changes = f"{status} = %s, {started} = %s, {workers} = {one_more}"
    key = _columns(connection, "id")[0]
    sql = f"UPDATE {_table(connection)} SET {changes} WHERE {key} = ({choice}) RETURNING {returned}"  # noqa: S608 - as above
    return sql, params


def _done(connection: Any) -> str:
    changes = ", ".join(f"{column} = %s" for column in _columns(connection, *_FACTS))
    held = " AND ".join(f"{column} = %s" for column in _columns(connection, *_HELD))
    return f"UPDATE {_table(connection)} SET {changes} WHERE {held}"  # noqa: S608 - made of names of the model


def _table(connection: Any) -> str:
    return str(connection.ops.quote_name(DBTaskResult._meta.db_table))


def _columns(connection: Any, *names: str) -> list[str]:
    return [connection.ops.quote_name(DBTaskResult._meta.get_field(name).column) for name in names]


def _prepared(connection: Any, name: str, value: Any) -> Any:
    return DBTaskResult._meta.get_field(name).get_db_prep_save(value, connection)
