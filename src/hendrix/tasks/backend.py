"""``TaskBackend`` for Django's ``TASKS``: the maintained database backend, with retries and schedules."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core import checks

from hendrix.tasks.schedule import Planned, planned

try:
    from django_tasks_db import DatabaseBackend
except ImportError as error:
    raise ImportError(f"tasks in the database need another package: pip install 'hendrix[tasks]' ({error})") from error


class TaskBackend(DatabaseBackend):
    """Tasks in the project's database, which the server's task workers run (``--task-workers``).

    ``OPTIONS``: ``RETRIES``, ``BACKOFF`` and ``LONGEST_BACKOFF`` (seconds) for tasks that do not say it themselves
    (``hendrix.tasks.retry``); ``SCHEDULES``, a dict of those by name.
    """

    @property
    def schedules(self) -> list[Planned]:
        """Those of the settings. Raises ``ValueError``."""
        return planned(self.options.get("SCHEDULES", {}))

    def check(self, **kwargs: Any) -> list[Any]:
        """See ``BaseTaskBackend.check``."""
        found = list(super().check(**kwargs))
        if not apps.is_installed("hendrix.tasks"):
            found.append(
                checks.Error(
                    "TASKS names hendrix.tasks.backend.TaskBackend, but the app hendrix.tasks is not installed",
                    "Insert 'hendrix.tasks' in INSTALLED_APPS, and migrate.",
                    id="hendrix.E001",
                )
            )
        try:
            self.schedules  # noqa: B018
        except ValueError as error:
            found.append(checks.Error(f"SCHEDULES of TASKS[{self.alias!r}]: {error}", id="hendrix.E002"))
        return found
