"""The table of servers: one worker process each, set up as its own documentation advises for production.

Peers get hand-tuned flags for each kind of load (`threads`); Hendrix always runs with its defaults.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.places import BIN, PROJECT
from bench.progress import BenchError

HENDRIX = "hendrix"


@dataclass(frozen=True)
class Setting:
    """What one start of a server is to be: port, worker processes, threads of each worker."""

    port: int
    workers: int = 1
    threads: int = 4
    settings: str = "project.settings"
    package: str = "project"
    directory: Path = PROJECT


@dataclass(frozen=True)
class Server:
    """One program that can serve the project, and how it is called."""

    name: str
    interface: str
    arguments: Callable[[Setting], list[str]]
    distribution: str = ""
    import_first: tuple[Path, ...] = field(default=())

    def command(self, setting: Setting) -> list[str]:
        """The command line; programs are those of the bench's own environment."""
        program, *rest = self.arguments(setting)
        return [str(BIN / program), *rest]


def _hendrix(it: Setting) -> list[str]:
    return [
        "hx", "start", "--settings", it.settings, "--pythonpath", str(it.directory),
        "--bind", f"127.0.0.1:{it.port}", "-w", str(it.workers),
    ]  # fmt: skip


def _granian(it: Setting) -> list[str]:
    # A WSGI worker has one event loop of its own (runtime mode `auto` is `st` here). More requests in
    # flight than threads only wait inside, so the backpressure is left above the number of connections.
    return [
        "granian", "--interface", "wsgi", "--http", "1", "--no-ws",
        "--host", "127.0.0.1", "--port", str(it.port),
        "--workers", str(it.workers), "--blocking-threads", str(it.threads),
        "--backpressure", "1024", "--log-level", "warning", f"{it.package}.wsgi:application",
    ]  # fmt: skip


def _gunicorn(it: Setting) -> list[str]:
    return [
        "gunicorn", "--worker-class", "gthread", "--workers", str(it.workers), "--threads", str(it.threads),
        "--worker-connections", "1000", "--keep-alive", "5", "--bind", f"127.0.0.1:{it.port}",
        "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--log-level", "warning",
        f"{it.package}.wsgi:application",
    ]  # fmt: skip


def _uvicorn(it: Setting) -> list[str]:
    return [
        "uvicorn", "--interface", "asgi3", "--loop", "uvloop", "--http", "httptools", "--lifespan", "off",
        "--no-access-log", "--log-level", "warning", "--workers", str(it.workers),
        "--host", "127.0.0.1", "--port", str(it.port), f"{it.package}.asgi:application",
    ]  # fmt: skip


def _daphne(it: Setting) -> list[str]:
    return ["daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(it.port), f"{it.package}.asgi:application"]


def _waitress(it: Setting) -> list[str]:
    # The megabyte of the `upload` workload stays in memory, as it does elsewhere.
    return [
        "waitress-serve", "--host", "127.0.0.1", "--port", str(it.port), "--threads", str(it.threads),
        "--connection-limit", "1000", "--asyncore-use-poll", "--inbuf-overflow", "2097152",
        f"{it.package}.wsgi:application",
    ]  # fmt: skip


def _uwsgi(it: Setting) -> list[str]:
    # --http11-socket keeps a thread on each idle connection (so 4 of 64 are served); the router does not.
    # Its buffer of one page by default doubles the cost of a large file; one of 64 kB resets uploads.
    return [
        "uwsgi", "--http", f"127.0.0.1:{it.port}", "--http-keepalive", "--http-auto-chunked",
        "--http-buffer-size", "32768",
        "--so-keepalive", "--master", "--processes", str(it.workers), "--threads", str(it.threads),
        "--listen", "1024", "--die-on-term", "--need-app", "--disable-logging",
        "--module", f"{it.package}.wsgi:application",
    ]  # fmt: skip


_ALL = (
    Server(HENDRIX, "Django", _hendrix, "hendrix"),
    Server("granian", "WSGI", _granian, "granian"),
    Server("gunicorn", "WSGI", _gunicorn, "gunicorn"),
    Server("uwsgi", "WSGI", _uwsgi, "pyuwsgi"),
    Server("waitress", "WSGI", _waitress, "waitress"),
    Server("uvicorn", "ASGI", _uvicorn, "uvicorn"),
    Server("daphne", "ASGI", _daphne, "daphne"),
)

SERVERS = {server.name: server for server in _ALL}


def choose(names: str) -> list[Server]:
    """The servers of a comma-separated list; all of them when it is empty."""
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(SERVERS)
    unknown = [name for name in wanted if name not in SERVERS]
    if unknown:
        raise BenchError(f"no server {', '.join(unknown)}: there are {', '.join(SERVERS)}")
    return [SERVERS[name] for name in wanted]
