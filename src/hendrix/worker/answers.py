"""From what was imported to what answers requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hendrix import __version__
from hendrix.answer.chain import build_chain
from hendrix.answer.path import files_first
from hendrix.answer.wsgi import wsgi
from hendrix.core.config import Config
from hendrix.core.exchange import Answer
from hendrix.worker.tasks import Tasks
from hendrix.worker.threads import ThreadPool

if TYPE_CHECKING:
    import asyncio

    from hendrix.worker.django_files import Files


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it was imported, and the interface by which it is to be called: ``wsgi`` or ``django``."""

    interface: str
    application: Any
    #: What is served without it, in development.
    files: Sequence[Files] = ()


def build_answer(loaded: Project, config: Config, threads: ThreadPool, tasks: Tasks) -> Answer:
    """The whole chain, for this worker."""
    facts: dict[str, Any] = {
        "multiprocess": config.workers > 1,
        "software": f"hendrix/{__version__}",
        "id_field": config.request_id,
    }
    if loaded.interface == "django":
        from hendrix.answer.django import django  # noqa: PLC0415 - imports Django

        loaded.application.waiting = threads.waiting_for_loop
        answer = django(loaded.application, threads, tasks, **facts)
    else:
        answer = wsgi(loaded.application, threads, **facts)
    for files in reversed(loaded.files):
        answer = files_first(files.handles, wsgi(files, threads, **facts), answer)
    return build_chain(config, answer)


def thread_start(loaded: Project, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """What a new thread of the pool does first."""
    if loaded.interface != "django":
        return lambda: None
    from hendrix.answer.sync_threads import adopt_thread  # noqa: PLC0415 - imports asgiref

    return partial(adopt_thread, loop)
