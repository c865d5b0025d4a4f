"""Processes and threads."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Processes:
    """Processes and threads."""

    workers: int = option(1, values.workers, "worker processes; auto: one per usable CPU", "-w", metavar="N")
    threads: int = option(
        64,
        values.number(1, 1024),
        "threads per worker at the most; they come when work waits, and go",
        metavar="N",
    )
    queue_size: int = option(
        1000,
        values.number(1, 1_000_000),
        "requests that may wait for a thread; past that 503",
        metavar="N",
    )
    graceful_timeout: float = option(
        30.0,
        values.duration,
        "time for requests under way when a worker is told to leave",
        metavar="TIME",
    )
    drain_delay: float = option(
        0.0,
        values.duration,
        "time that a stop is only announced, by 503 at the health path, and requests are still answered",
        metavar="TIME",
    )
    background_threads: int = option(
        8,
        values.number(1, 1024),
        "threads per worker for what follows responses; they come when there is something to do, and go",
        metavar="N",
    )
    background_queue: int = option(
        1000,
        values.number(1, 1_000_000),
        "responses whose following calls may wait for them; past that the request's own thread makes them",
        metavar="N",
    )
    task_workers: int = option(
        0, values.number(0, 512), "processes that run tasks (django.tasks), besides", metavar="M"
    )
    task_queues: str = option("", values.text, "queues that they work on, comma separated; else all", metavar="NAMES")
    task_interval: float = option(
        0.5,
        values.duration,
        "time between looks for tasks where there are none",
        metavar="TIME",
    )
    task_timeout: float = option(
        60.0,
        values.duration,
        "time for a task under way when its worker is told to leave; then it is given back",
        metavar="TIME",
    )
