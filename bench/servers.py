"""The table of servers: one worker process each, set up as its own documentation advises for production.

Peers get hand-tuned flags for each kind of load (`threads`); Hendrix always runs with its defaults. Each server is of
one or more suites: `sync` and `async` are the views it is put to, `pair` the handlers of one server side by side,
`files` static ones, `resource` those of twisted.web, `cached` pages from a cache, `uncached` what passes it by.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import nginx, varnish
from bench.places import BIN, PROJECT, SITE, STATIC
from bench.progress import BenchError

HENDRIX = "hendrix"
_CROWD = "20000"  # connections or requests at once, where a server limits them


@dataclass(frozen=True)
class Setting:
    """What one start of a server is to be: port, worker processes, threads of each worker. `asgi`: an application
    (`module:attribute`) that is served instead of a Django project. `secure`: over TLS."""

    port: int
    workers: int = 1
    threads: int = 4
    settings: str = "project.settings"
    package: str = "project"
    directory: Path = PROJECT
    asgi: str = ""
    secure: bool = False

    @property
    def asgi_application(self) -> str:
        """What an ASGI server is told to serve."""
        return self.asgi or f"{self.package}.asgi:application"


@dataclass(frozen=True)
class Server:
    """One program that can serve the project, and how it is called."""

    name: str
    interface: str
    arguments: Callable[[Setting], list[str]]
    distribution: str = ""
    suites: tuple[str, ...] = ("sync",)
    import_first: tuple[Path, ...] = field(default=())

    def command(self, setting: Setting) -> list[str]:
        """The command line; programs are those of the bench's own environment, unless given with their path."""
        program, *rest = self.arguments(setting)
        return [str(BIN / program), *rest]  # which is `program` alone where that is absolute


def _hendrix(it: Setting) -> list[str]:
    what = ["--asgi", it.asgi] if it.asgi else ["--settings", it.settings]
    return [
        "hx", "start", *what, "--pythonpath", str(it.directory),
        "--bind", f"127.0.0.1:{it.port}", "-w", str(it.workers),
    ]  # fmt: skip


def _hendrix_wsgi(it: Setting) -> list[str]:
    return [*_hendrix(it), "--interface", "wsgi"]


def _hendrix_metrics(it: Setting) -> list[str]:
    return [*_hendrix(it), "--metrics", "--admin", "off"]


def _hendrix_cache(it: Setting) -> list[str]:
    return [*_hendrix(it), "--cache"]


def _hendrix_shared(it: Setting) -> list[str]:
    return [*_hendrix_cache(it), "--global-cache"]


def _granian(it: Setting) -> list[str]:
    # A WSGI worker has one event loop of its own (runtime mode `auto` is `st` here). More requests in
    # flight than threads only wait inside, so the backpressure is left above the number of connections.
    return [
        "granian", "--interface", "wsgi", "--http", "1", "--no-ws",
        "--host", "127.0.0.1", "--port", str(it.port),
        "--workers", str(it.workers), "--blocking-threads", str(it.threads),
        "--backpressure", "1024", "--log-level", "warning", f"{it.package}.wsgi:application",
    ]  # fmt: skip


def _granian_asgi(it: Setting) -> list[str]:
    return [
        "granian", "--interface", "asgi", "--http", "1", "--loop", "uvloop",
        "--host", "127.0.0.1", "--port", str(it.port), "--workers", str(it.workers),
        "--backpressure", _CROWD, "--log-level", "warning", it.asgi_application,
    ]  # fmt: skip


def _gunicorn(it: Setting) -> list[str]:
    return [
        "gunicorn", "--worker-class", "gthread", "--workers", str(it.workers), "--threads", str(it.threads),
        "--worker-connections", "1000", "--keep-alive", "5", "--bind", f"127.0.0.1:{it.port}",
        "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--log-level", "warning",
        f"{it.package}.wsgi:application",
    ]  # fmt: skip


def _gunicorn_asgi(it: Setting) -> list[str]:
    return [
        "gunicorn", "--worker-class", "asgi", "--asgi-loop", "uvloop", "--asgi-lifespan", "off",
        "--workers", str(it.workers), "--worker-connections", _CROWD, "--keep-alive", "5",
        "--bind", f"127.0.0.1:{it.port}", "--worker-tmp-dir", "/dev/shm", "--no-control-socket",
        "--log-level", "warning", it.asgi_application,
    ]  # fmt: skip


def _uvicorn(it: Setting) -> list[str]:
    return [
        "uvicorn", "--interface", "asgi3", "--loop", "uvloop", "--http", "httptools", "--lifespan", "off",
        "--no-access-log", "--log-level", "warning", "--workers", str(it.workers),
        "--host", "127.0.0.1", "--port", str(it.port), it.asgi_application,
    ]  # fmt: skip


def _hypercorn(it: Setting) -> list[str]:
    return [
        "hypercorn", "--worker-class", "uvloop", "--workers", str(it.workers), "--backlog", "1024",
        "--bind", f"127.0.0.1:{it.port}", "--log-level", "warning", it.asgi_application,
    ]  # fmt: skip


def _daphne(it: Setting) -> list[str]:
    return ["daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(it.port), it.asgi_application]


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


def _granian_static(it: Setting) -> list[str]:
    *options, application = _granian(it)
    return [*options, "--static-path-route", "/static", "--static-path-mount", str(STATIC), application]


def _nginx(it: Setting) -> list[str]:
    return nginx.command(it.port, SITE)


def _nginx_cache(it: Setting) -> list[str]:
    return nginx.command(it.port, SITE, "nginx-cache.conf")


def _varnish(it: Setting) -> list[str]:
    return varnish.command(it.port)


def _twisted(it: Setting, *what: str) -> list[str]:
    return ["twist", "--log-level", "error", "web", "--listen", f"tcp:{it.port}:interface=127.0.0.1", *what]


def _twisted_static(it: Setting) -> list[str]:
    return _twisted(it, "--path", str(SITE))


def _twisted_resource(it: Setting) -> list[str]:
    return _twisted(it, "--class", "project.resources.Hello")


_ALL = (
    Server(HENDRIX, "Django", _hendrix, "hendrix", ("sync", "async", "pair", "files", "resource", "uncached")),
    Server("granian", "WSGI", _granian, "granian"),
    Server("gunicorn", "WSGI", _gunicorn, "gunicorn"),
    Server("uwsgi", "WSGI", _uwsgi, "pyuwsgi"),
    Server("waitress", "WSGI", _waitress, "waitress"),
    Server("uvicorn", "ASGI", _uvicorn, "uvicorn", ("sync", "async")),
    Server("daphne", "ASGI", _daphne, "daphne", ("sync", "async")),
    Server("granian-asgi", "ASGI", _granian_asgi, "granian", ("async",)),
    Server("gunicorn-asgi", "ASGI", _gunicorn_asgi, "gunicorn", ("async",)),
    Server("hendrix-wsgi", "WSGI", _hendrix_wsgi, "hendrix", ("pair",)),
    Server("hypercorn", "ASGI", _hypercorn, "hypercorn", ("tls",)),
    Server("nginx", "files", _nginx, "nginx", ("files",)),
    Server("hendrix-metrics", "Django", _hendrix_metrics, "hendrix", ("measured",)),
    Server("hendrix-cache", "Django", _hendrix_cache, "hendrix", ("cached", "uncached")),
    Server("hendrix-shared", "Django", _hendrix_shared, "hendrix", ("cached",)),
    Server("nginx-cache", "proxy_cache", _nginx_cache, "nginx", ("cached",)),
    Server("varnish", "VCL", _varnish, "varnish", ("cached",)),
    Server("granian-static", "files", _granian_static, "granian", ("files",)),
    Server("twisted-static", "files", _twisted_static, "twisted", ("files",)),
    Server("twisted", "twisted.web", _twisted_resource, "twisted", ("resource",)),
)

SERVERS = {server.name: server for server in _ALL}


def of_suite(suite: str) -> list[Server]:
    """The servers that a suite is about."""
    return [server for server in _ALL if suite in server.suites]


def choose(names: str, suite: str = "") -> list[Server]:
    """The servers of a comma-separated list; all of them, or those of a suite, when it is empty."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in SERVERS]
    if unknown:
        raise BenchError(f"no server {', '.join(unknown)}: there are {', '.join(SERVERS)}")
    if wanted:
        return [SERVERS[name] for name in wanted]
    return of_suite(suite) if suite else list(_ALL)
