"""What the project gave to serve, and the answers made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hendrix import __version__
from hendrix.answer.asgi_scope import AsgiApplication, Host
from hendrix.answer.asgi_websocket import asgi_websocket, route_websocket
from hendrix.answer.caching.keeping import Keeping
from hendrix.answer.caching.layer import Later
from hendrix.answer.chain import build_chain
from hendrix.answer.compress.crew import Crew
from hendrix.answer.files.place import Place
from hendrix.answer.health import Ready, always
from hendrix.answer.lifespan import Lifespan
from hendrix.answer.mounts import Mounts
from hendrix.answer.static import Disk
from hendrix.answer.tasks import Tasks
from hendrix.answer.wsgi import Application, wsgi
from hendrix.core.config import Config
from hendrix.core.control import AskTurn, EndTurn
from hendrix.core.exchange import Answer
from hendrix.core.record import record
from hendrix.tasks.requests import leave_to_us
from hendrix.worker.interface import Choice
from hendrix.worker.threads import ThreadPool
from hendrix.worker.through import asgi_through, django_through, wsgi_through

if TYPE_CHECKING:
    from hendrix.answer.django_handler import Handler
    from hendrix.observe.tracing import Traces
    from hendrix.worker.channel import LoopChannel
    from hendrix.worker.script import Hook
    from hendrix.worker.services import Services
    from hendrix.worker.wanted import Wanted


@record(frozen=True)
class Served:
    """One project. Beside another the ASGI application has the WebSockets, the other everything else."""

    wsgi: Application | None = None
    asgi: AsgiApplication | None = None
    django: Handler | None = None
    #: Why it is this one of a Django project's.
    interface: Choice | None = None
    #: Of a Django project: its routes of WebSockets (a ``URLResolver``).
    routes: Any = None
    #: What is served without it.
    places: Sequence[Place] = ()
    #: Resources of Twisted's beside it.
    mounts: Mounts | None = None
    #: What runs beside it.
    services: Sequence[Wanted] = ()
    #: What adds others: to those of each worker, and to those that run in one at a time.
    hooks: tuple[Hook | None, Hook | None] = (None, None)


def asgi_host(served: Served, config: Config, tasks: Tasks) -> tuple[Host | None, Lifespan | None]:
    """What the calls of the ASGI application share, if there is one."""
    if served.asgi is None:
        return None, None
    lifespan = Lifespan(served.asgi, config.lifespan)
    host = Host(
        served.asgi,
        tasks,
        root_path=config.root_path,
        max_queue=config.ws_max_queue,
        id_field=config.request_id.lower().encode(),
        state=lifespan.state,
    )
    return host, lifespan


def introduce(served: Served, config: Config, loop: asyncio.AbstractEventLoop, threads: ThreadPool) -> None:
    """Have a project with both kinds of views use this loop and these threads, whichever way it goes between them."""
    if served.django is None:
        return
    from hendrix.answer import housekeeping  # noqa: PLC0415 - imports Django
    from hendrix.answer.django import prepare_context  # noqa: PLC0415 - imports Django
    from hendrix.answer.sync_threads import adopt_loop  # noqa: PLC0415 - imports asgiref

    housekeeping.begin_anew()
    leave_to_us()
    adopt_thread = adopt_loop(loop, threads)

    def begin() -> None:
        adopt_thread()
        prepare_context(config.root_path)

    threads.on_start = begin
    served.django.threads_are_prepared = True


def services_of(served: Served, channel: LoopChannel) -> Services | None:
    """What runs beside the site in this worker, if anything does."""
    if not served.services and not any(served.hooks):
        return None
    from hendrix.worker import services  # noqa: PLC0415 - most projects have none

    services.here = services.Services(
        served.services, lambda: channel.send(AskTurn()), lambda: channel.send(EndTurn()), *served.hooks
    )
    return services.here


def build_answer(
    served: Served,
    config: Config,
    threads: ThreadPool,
    tasks: Tasks,
    host: Host | None,
    disk: Disk,
    crew: Crew,
    cache: Keeping | None,
    later: Later,
    traces: Traces | None = None,
    ready: Ready = always,
) -> Answer:
    """The whole chain, for this worker."""
    facts: dict[str, Any] = {
        "multiprocess": config.workers > 1,
        "software": f"hendrix/{__version__}",
        "id_field": config.request_id,
        "root_path": config.root_path,
    }
    answer = _project(served, config, threads, tasks, host, facts, traces)
    if host is not None:
        answer = route_websocket(asgi_websocket(host), answer)
    beside = _beside(served, config, threads, tasks)
    if served.routes is not None:
        # Before resources: one may bring a route that lies below its own place.
        beside = _with_sockets(served.routes, facts, threads, tasks, beside)
    return build_chain(config, answer, beside, served.places, disk, threads, crew, cache, later, ready)


def _with_sockets(
    routes: Any, facts: dict[str, Any], threads: ThreadPool, tasks: Tasks, beside: Callable[[Answer], Answer]
) -> Callable[[Answer], Answer]:
    """Handshakes at the project's own routes; the others go on, to an ASGI application if there is one."""
    from hendrix.answer.environ import base_environ, build_environ, id_key  # noqa: PLC0415
    from hendrix.answer.sockets.admission import middleware  # noqa: PLC0415 - imports Django
    from hendrix.answer.sockets.answer import answer_sockets  # noqa: PLC0415 - imports Django
    from hendrix.answer.sockets.host import WorkerHost  # noqa: PLC0415 - imports Django

    base = base_environ(multiprocess=facts["multiprocess"], software=facts["software"], file_wrapper=None)
    base["SCRIPT_NAME"] = facts["root_path"]
    build = partial(build_environ, base, id_key(facts["id_field"]))
    host, admitting = WorkerHost(tasks.loop, threads, tasks), middleware()
    return lambda inner: answer_sockets(routes, host, build, admitting, beside(inner))


def _beside(served: Served, config: Config, threads: ThreadPool, tasks: Tasks) -> Callable[[Answer], Answer]:
    if served.mounts is None:
        return lambda answer: answer
    from twisted.internet import reactor  # noqa: PLC0415 - the worker's, installed before

    from hendrix.answer.resource import resources  # noqa: PLC0415 - imports Twisted's web server

    return partial(resources, served.mounts, tasks=tasks, threads=threads, reactor=reactor, tracebacks=config.dev)


def _project(
    served: Served,
    config: Config,
    threads: ThreadPool,
    tasks: Tasks,
    host: Host | None,
    facts: dict[str, Any],
    traces: Traces | None,
) -> Answer:
    if served.django is not None:
        from hendrix.answer.django import django  # noqa: PLC0415 - imports Django

        return django(served.django, threads, tasks, **django_through(served.django, config, traces), **facts)
    if served.wsgi is not None:
        return wsgi(served.wsgi, threads, kind=wsgi_through(config, traces), **facts)
    assert host is not None
    return asgi_through(host, config, traces)
