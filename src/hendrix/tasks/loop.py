"""What a task worker does: take a task, run it, say how it ended; now and then look for the dead and the due."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import Error, OperationalError, close_old_connections, connections, reset_queries
from django_tasks_db.compat import TaskContext, TaskResultStatus, task_finished, task_started
from django_tasks_db.utils import is_locked_database_exception

from hendrix.core.events import ERROR, WARNING, emit
from hendrix.core.request_id import named
from hendrix.tasks import holding, planning, presence
from hendrix.tasks.readiness import alias, backends
from hendrix.tasks.retry import chance, policy_of
from hendrix.tasks.statements import Statements

#: Seconds between looks for tasks of dead workers.
_ROUNDS = 5.0
#: Seconds after which the result of a task that is done is given up, where the database is there and does not take it.
_PERSISTENCE = 60.0
#: Seconds between attempts.
_SHORTEST_REST, _LONGEST_REST = 0.1, 2.0
_LONGEST_PAUSE = 15.0
#: Seconds between attempts to take a task while somebody else writes.
_LOCKED = 0.05


class TaskLoop:
    """Runs in the main thread; ``leave`` and ``give_up`` are for others."""

    def __init__(self, queues: Sequence[str], interval: float) -> None:
        self.me = presence.identify()
        self.using = alias()
        self.done = 0
        #: The task that is held: it is under way, or the next turn's.
        self.row: Any = None
        self._backends = backends()
        self._aliases = [backend.alias for backend in self._backends]
        self._queues = queues
        self._statements = Statements(self.me.id, self.using, self._aliases, queues)
        self._interval = interval
        self._leaving = threading.Event()
        self._next_round = self._next_due = 0.0
        self._agreed = self._busy = False
        self._pause = 0.0

    def run(self) -> None:
        """Until told to leave. A database that is away is waited for."""
        while not self._leaving.is_set():
            try:
                self._busy = self._turn()
                self._pause = 0.0
            except Error as error:
                self._on_error(error)
                continue
            if not self._busy:
                close_old_connections()
                self._leaving.wait(self._interval)
        self._disappear()

    def leave(self) -> None:
        """Take no more tasks."""
        self._leaving.set()

    def give_up(self) -> None:
        """From another thread, before the process ends: somebody else is to run what is under way."""
        row = self.row
        if row is None:
            return
        try:
            if holding.give_back(row):
                emit("task.given_back", WARNING, task=row.task_path, id=str(row.id))
            presence.disappear(self.me, self.using)
        except Error as error:
            # It is found when we are known to be dead.
            emit("task.not_given_back", WARNING, task=row.task_path, id=str(row.id), reason=str(error))

    def beat(self) -> int:
        """From another thread, every few seconds: we are alive. How many tasks wait."""
        try:
            presence.appear(self.me, self.using)
            return holding.count(holding.waiting(self._aliases, self._queues))
        finally:
            close_old_connections()

    # --- one turn ------------------------------------------------------------------------------------------

    def _turn(self) -> bool:
        if not self._agreed:
            presence.appear(self.me, self.using)
            planning.agree(self._backends, self.using)
            self._agreed = True
        now = time.monotonic()
        if now >= self._next_round:
            self._next_round = now + _ROUNDS
            holding.recover(self.me, self._backends, self.row and self.row.pk)
        if now >= self._next_due:
            self._next_due = now + min(planning.enqueue_due(self._backends, self.using), 60.0)
        if self.row is None:
            self.row = self._take()
        if self.row is None:
            return False
        following = None
        named.set(str(self.row.id))
        try:
            following = self._run(self.row)
        finally:
            self.row = following
            named.set("")
            self.done += 1
            _tidy(self.using)
        return True

    def _take(self) -> Any:
        # Where there was nothing, first a look that locks nothing.
        while self._busy or self._statements.waits():
            try:
                return self._statements.take()
            except OperationalError as error:
                if not is_locked_database_exception(error):
                    raise
            if self._leaving.wait(_LOCKED):
                break
        return None

    def _on_error(self, error: Error) -> None:
        self._pause = min(max(self._pause * 2, 0.5), _LONGEST_PAUSE)
        emit("tasks.database", ERROR, reason=str(error).strip(), again_in=self._pause)
        connections.close_all()
        self._leaving.wait(self._pause)

    def _disappear(self) -> None:
        try:
            if self.row is not None:
                holding.give_back(self.row)  # it was not begun
            presence.disappear(self.me, self.using)
        except Error:
            pass  # it is known by its process
        connections.close_all()

    # --- one task ------------------------------------------------------------------------------------------

    def _run(self, row: Any) -> Any:
        """Returns the next one, if that was taken at once."""
        backend: Any = None
        following: Any = None
        try:
            result = row.task_result
            task = result.task
            backend = task.get_backend()
            task_started.send(sender=type(backend), task_result=result)
            context = (TaskContext(task_result=result),) if task.takes_context else ()
            value = self._called(task, *context, *result.args, **result.kwargs)
            kept, following = self._succeed(row, value)
            final = kept
        except BaseException as error:
            # SystemExit too: it ends a task, not the worker.
            kept, final = self._failed(row, error, backend)
            if final and backend is not None:
                _tell_finished(backend, row)  # here, for Django logs the exception at hand
        else:
            if final:
                _tell_finished(backend, row, _succeeded(result, row))
        if not kept:
            emit("task.lost", WARNING, task=row.task_path, id=str(row.id))
        return following

    def _called(self, task: Any, *args: Any, **named: Any) -> Any:
        try:
            return task.call(*args, **named)
        finally:
            _tidy(self.using)  # how it ended is not to be written within a transaction that it left open

    def _succeed(self, row: Any, value: Any) -> tuple[bool, Any]:
        if self._leaving.is_set():
            return _persist(self.using, holding.succeed, row, value), None
        kept, following = _persist(self.using, self._statements.succeed_and_take, row, value)
        return kept, following

    def _failed(self, row: Any, error: BaseException, backend: Any) -> tuple[bool, bool]:
        """Was it still ours to say, and is it over?"""
        attempt = len(row.worker_ids)
        policy = policy_of(_function(row), getattr(backend, "options", {}))
        delay = policy.delay(attempt, error, chance())
        if delay is None:
            kept = _persist(self.using, holding.fail, row, error)
            if backend is None:
                emit("task.unknown", ERROR, task=row.task_path, id=str(row.id), exc=error)
            return kept, kept
        kept = _persist(self.using, holding.put_off, row, error, delay)
        if kept:
            facts = {"task": row.task_path, "id": str(row.id), "attempt": attempt, "again_in": round(delay, 1)}
            emit("task.retried", WARNING, **facts, reason=traceback.format_exception_only(error)[-1].strip())
        return kept, False


def _function(row: Any) -> Any:
    try:
        return row.task.func
    except Exception:
        return None  # its module does not import, its queue is no longer in the settings: which is what failed


def _succeeded(result: Any, row: Any) -> Any:
    """The result as it is now, without looking for the task again."""
    now = replace(result, status=TaskResultStatus.SUCCESSFUL, finished_at=row.finished_at)
    object.__setattr__(now, "_return_value", row.return_value)  # as the row itself does it
    return now


def _tell_finished(backend: Any, row: Any, result: Any = None) -> None:
    """Django's signal, upon which it logs, a failure with its traceback."""
    try:
        task_finished.send(sender=type(backend), task_result=result or row.task_result)
    except Exception as error:
        emit("task.signal_failed", ERROR, task=row.task_path, id=str(row.id), exc=error)


def _persist(using: str, change: Any, *args: Any) -> Any:
    """A task that is done is not to be done again, or failed, only because the database is locked, or away."""
    until, rest = time.monotonic() + _PERSISTENCE, _SHORTEST_REST
    while True:
        try:
            return change(*args)
        except OperationalError as error:
            connections.close_all()
            if time.monotonic() > until and not is_locked_database_exception(error) and _answers(using):
                raise
            time.sleep(rest)
            rest = min(2 * rest, _LONGEST_REST)


def _answers(using: str) -> bool:
    """Is the database there?"""
    try:
        connections[using].ensure_connection()
    except Error:
        return False
    return True


def _tidy(using: str) -> None:
    """What a task left open is not the next one's.

    The connection to the queue itself is kept for as long as there is something to do: it is used again at once.
    """
    for connection in connections.all(initialized_only=True):
        if connection.connection is None:
            continue
        if connection.in_atomic_block or not connection.get_autocommit():
            connection.close()
        elif connection.alias != using or connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()
    reset_queries()
