"""What the project gave to serve, and the answers made of it."""

from __future__ import annotations

from dataclasses import dataclass

from hendrix import __version__
from hendrix.answer.asgi_http import asgi_http
from hendrix.answer.asgi_scope import AsgiApplication, Host
from hendrix.answer.asgi_websocket import asgi_websocket, route_websocket
from hendrix.answer.lifespan import Lifespan
from hendrix.answer.tasks import Tasks
from hendrix.answer.wsgi import Application, Parking, wsgi
from hendrix.core.config import Config
from hendrix.core.exchange import Answer


@dataclass(frozen=True, slots=True)
class Served:
    """The applications of one project. With both, the ASGI one has the WebSockets, the other everything else."""

    wsgi: Application | None = None
    asgi: AsgiApplication | None = None


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


def build_answer(served: Served, config: Config, threads: Parking, host: Host | None) -> Answer:
    """Who answers requests."""
    if served.wsgi is not None:
        answer = wsgi(
            served.wsgi,
            threads,
            multiprocess=config.workers > 1,
            software=f"hendrix/{__version__}",
            id_field=config.request_id,
            root_path=config.root_path,
        )
    else:
        assert host is not None
        answer = asgi_http(host)
    return route_websocket(asgi_websocket(host), answer) if host is not None else answer
