"""Schedules of the settings become tasks when they are due: once, however many workers look."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.utils import exclusive_transaction

from hendrix.core.events import ERROR, INFO, emit
from hendrix.tasks.schedule import Planned


def agree(backends: list[Any], using: str) -> None:
    """At the start of a worker: what the database says of schedules is made what the settings say."""
    from hendrix.tasks.models import TaskSchedule  # noqa: PLC0415 - only where the app is installed

    plans = {plan.name: plan for _, plan in _plans(backends)}
    rows = TaskSchedule.objects.using(using)
    with exclusive_transaction(using):
        rows.exclude(name__in=list(plans)).delete()
        known = dict(rows.values_list("name", "cron"))
        for name, plan in plans.items():
            if known.get(name) != plan.cron:
                facts = {"cron": plan.cron, "due": _next(plan)}
                rows.update_or_create(name=name, defaults=facts)


def enqueue_due(backends: list[Any], using: str) -> float:
    """Enqueue what is due. What was due several times while nobody looked is enqueued once. Seconds until the next."""
    from hendrix.tasks.models import TaskSchedule  # noqa: PLC0415

    plans = _plans(backends)
    if not plans:
        return 60.0
    rows, now = TaskSchedule.objects.using(using), timezone.now()
    known = {name: (cron, due) for name, cron, due in rows.values_list("name", "cron", "due")}
    for backend, plan in plans:
        cron, due = known.get(plan.name, ("", now))
        if plan.name in known and due <= now:
            _enqueue(backend, plan, using)
        elif cron == plan.cron and due > _latest(plan):
            # The clock was ahead when that was said, and has been set right.
            rows.filter(name=plan.name, due=due).update(due=_next(plan))
    following = rows.order_by("due").values_list("due", flat=True).first()
    return 60.0 if following is None else max(0.0, (following - timezone.now()).total_seconds())


def _enqueue(backend: Any, plan: Planned, using: str) -> None:
    from hendrix.tasks.models import TaskSchedule  # noqa: PLC0415

    with exclusive_transaction(using):
        rows = TaskSchedule.objects.using(using).select_for_update(skip_locked=True)
        row = rows.filter(name=plan.name, due__lte=timezone.now()).first()
        if row is None:
            return  # another worker was faster
        row.due = _next(plan)
        row.save(update_fields=["due"])
        try:
            told = {"queue_name": plan.queue_name, "priority": plan.priority, "backend": backend.alias}
            import_string(plan.task).using(**told).enqueue(*plan.args, **plan.kwargs)
        except Exception as error:
            emit("schedule.failed", ERROR, schedule=plan.name, task=plan.task, exc=error)
        else:
            emit("schedule.due", INFO, schedule=plan.name, task=plan.task)


def _next(plan: Planned) -> Any:
    now = timezone.now()
    return plan.after(timezone.localtime(now) if timezone.is_aware(now) else now)


def _latest(plan: Planned) -> Any:
    """Nothing is due later than the next moment but one: that is when a clock has gone back by a little."""
    return plan.after(_next(plan))


def _plans(backends: list[Any]) -> list[tuple[Any, Planned]]:
    return [(backend, plan) for backend in backends for plan in getattr(backend, "schedules", ())]
