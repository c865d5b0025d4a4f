"""Tasks in the database, held by one worker at a time: taken, finished, put off, given back, and taken from the dead.

Every change names the moment at which the task was taken: who has lost it meanwhile changes nothing.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from hendrix.core.errors import WorkerDied
from hendrix.core.events import ERROR, WARNING, emit
from hendrix.tasks import presence
from hendrix.tasks.presence import Identity
from hendrix.tasks.retry import policy_of

#: Attempts after which a task that ends its workers is not tried again.
_MOST_DEATHS = 5
#: Tasks that are looked at in one go.
_MANY = 500
#: Waiting tasks that are counted.
_MOST_COUNTED = 10_000


def waiting(backends: Iterable[str], queues: Iterable[str]) -> Any:
    """Those that may be run now, in their order; no ``queues``: of all."""
    found = DBTaskResult.objects.ready().filter(backend_name__in=list(backends))
    queues = list(queues)
    return found.filter(queue_name__in=queues) if queues else found


def count(ready: Any) -> int:
    """How many there are, but not past 10,000."""
    return int(ready.order_by()[:_MOST_COUNTED].count())


def take(ready: Any, name: str) -> Any:
    """The first, held by the worker ``name`` from now on; None where there is none. Raises ``OperationalError``, where
    the database is locked, too."""
    with exclusive_transaction(ready.db):
        found = ready.get_locked()
        if found is not None:
            found.claim(name)
        return found


def succeed(row: Any, value: Any) -> bool:
    """It is done. False: it was lost meanwhile, and is another's."""
    facts = {"return_value": value, "exception_class_path": "", "traceback": ""}
    return _change(row, status=TaskResultStatus.SUCCESSFUL, finished_at=timezone.now(), **facts)


def fail(row: Any, error: BaseException) -> bool:
    """It is not to be tried again. False: it was lost meanwhile."""
    return _change(row, status=TaskResultStatus.FAILED, finished_at=timezone.now(), **_told(error))


def put_off(row: Any, error: BaseException, seconds: float) -> bool:
    """It is to be tried again after ``seconds``. False: it was lost meanwhile."""
    when = timezone.now() + timedelta(seconds=seconds)
    return _change(row, status=TaskResultStatus.READY, run_after=when, **_told(error))


def give_back(row: Any) -> bool:
    """It was not done, and that was not its fault: somebody is to begin it anew."""
    return _change(row, status=TaskResultStatus.READY, started_at=None, worker_ids=row.worker_ids[:-1])


def recover(me: Identity, backends: list[Any], held: Any = None) -> int:
    """Take tasks from the dead, and those that are ours without our knowing it: all but ``held``. How many."""
    aliases = {backend.alias: backend for backend in backends}
    running = DBTaskResult.objects.running().filter(backend_name__in=list(aliases)).order_by()
    rows = [row for row in running[:_MANY] if row.worker_ids and str(row.worker_ids[-1]).startswith(presence.PREFIX)]
    lost = presence.dead(me, {row.worker_ids[-1] for row in rows}, running.db)
    held_by_dead = [row for row in rows if row.worker_ids[-1] in lost]
    # Taken, but the answer of the database did not reach us.
    unknown = [row for row in rows if row.worker_ids[-1] == me.id and row.pk != held]
    return sum(_take_back(row, aliases[row.backend_name]) for row in held_by_dead) + sum(map(give_back, unknown))


def _take_back(row: Any, backend: Any) -> bool:
    attempts = len(row.worker_ids)
    facts = {"task": row.task_path, "id": str(row.id), "attempt": attempts, "worker": row.worker_ids[-1]}
    if attempts >= max(_MOST_DEATHS, _times(row, backend) + 1):
        error = WorkerDied(f"the worker died in each of {attempts} attempts, or before it could say how it ended")
        if changed := fail(row, error):
            emit("task.given_up", ERROR, **facts)
        return changed
    if changed := _change(row, status=TaskResultStatus.READY, started_at=None):
        emit("task.recovered", WARNING, **facts)
    return changed


def _times(row: Any, backend: Any) -> int:
    try:
        function = row.task.func
    except Exception:
        function = None  # gone with older code
    return policy_of(function, getattr(backend, "options", {})).times


def _change(row: Any, **facts: Any) -> bool:
    held = DBTaskResult.objects.filter(pk=row.pk, status=TaskResultStatus.RUNNING, started_at=_moment(row))
    if not held.update(**facts):
        return False
    for name, value in facts.items():
        setattr(row, name, value)
    return True


def _moment(row: Any) -> datetime | None:
    """When it was taken, as it was then: ``_change`` may have set another."""
    started: datetime | None = row.started_at
    return started


def _told(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    return {
        "exception_class_path": f"{kind.__module__}.{kind.__qualname__}",
        "traceback": _storable("".join(traceback.format_exception(error))),
        "return_value": None,
    }


def _storable(text: str) -> str:
    """What an error says may hold what no database takes: halves of characters, and PostgreSQL no null characters."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
