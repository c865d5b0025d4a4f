"""The queue of one project, by its own Django: filled, waited for, emptied, as lines of stdin say.

`fill N` puts N tasks there, all visible at once; `await SECONDS` until they are done, or the time is over; `clear`
leaves nothing. Each line is answered by one of JSON.
"""

import json
import sys
import time
from collections.abc import Callable

import django

_LOOK = 0.1


def _fill(count: float) -> dict[str, float]:
    from django.db import connection, transaction  # noqa: PLC0415 - after django.setup()
    from django_tasks_db.models import DBTaskResult, get_date_max  # noqa: PLC0415

    rows = (
        DBTaskResult(
            task_path="work.nothing",
            args_kwargs={"args": [], "kwargs": {}},
            backend_name="default",
            run_after=get_date_max(),
            exception_class_path="",
            traceback="",
        )
        for _ in range(int(count))
    )
    with transaction.atomic():
        DBTaskResult.objects.bulk_create(rows, batch_size=500)
        with connection.cursor() as cursor:
            # As of a table that has been there for a while.
            cursor.execute(f"ANALYZE {DBTaskResult._meta.db_table}")
    return {"filled": count}


def _await(seconds: float) -> dict[str, float]:
    from django.db.models import Max, Min  # noqa: PLC0415
    from django_tasks_db.models import DBTaskResult  # noqa: PLC0415

    until = time.monotonic() + seconds
    left = DBTaskResult.objects.exclude(status="SUCCESSFUL")
    while left.exists() and time.monotonic() < until:
        time.sleep(_LOOK)
    left.filter(status="READY").delete()
    while left.filter(status="RUNNING").exists():
        time.sleep(_LOOK)
    found = DBTaskResult.objects.filter(status="SUCCESSFUL").aggregate(Min("started_at"), Max("finished_at"))
    done = DBTaskResult.objects.filter(status="SUCCESSFUL").count()
    took = (found["finished_at__max"] - found["started_at__min"]).total_seconds() if done else 0.0
    failed = DBTaskResult.objects.filter(status="FAILED").count()
    return {"done": done, "failed": failed, "seconds": took}


def _clear(_: float) -> dict[str, float]:
    from django.db import connection  # noqa: PLC0415
    from django_tasks_db.models import DBTaskResult  # noqa: PLC0415

    DBTaskResult.objects.all().delete()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM {DBTaskResult._meta.db_table}")
    return {}


_ACTIONS: dict[str, Callable[[float], dict[str, float]]] = {"fill": _fill, "await": _await, "clear": _clear}


def main() -> None:
    """See the top of this file."""
    django.setup()
    for line in sys.stdin:
        action, _, number = line.strip().partition(" ")
        print(json.dumps(_ACTIONS[action](float(number or 0))), flush=True)


if __name__ == "__main__":
    main()
