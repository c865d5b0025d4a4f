"""From what was imported to what answers requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

        answer = django(loaded.application, threads, tasks, **facts)
    else:
        answer = wsgi(loaded.application, threads, **facts)
    for files in reversed(loaded.files):
        answer = files_first(files.handles, wsgi(files, threads, **facts), answer)
    return build_chain(config, answer)


def introduce(loaded: Project, loop: asyncio.AbstractEventLoop, threads: ThreadPool) -> None:
    """Have a project with both kinds of views use this loop and these threads, whichever way it goes between them."""
    if loaded.interface == "django":
        from hendrix.answer.sync_threads import adopt_loop  # noqa: PLC0415 - imports asgiref

        threads.on_start = adopt_loop(loop, threads)
