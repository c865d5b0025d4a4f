"""Life of the server."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Life:
    """Life of the server."""

    dev: bool = option(
        False,
        values.switch,
        "development: reload on save, static files, tracebacks, a line per answer",
        reloadable=False,
    )
    reload: bool = option(False, values.switch, "load the code anew when it changes", reloadable=False)
    daemonize: bool = option(False, values.switch, "go to the background once all is ready", "-d", reloadable=False)
    pid: str = option(
        "",
        values.text,
        "pid file; else <port>_<settings>.pid in the runtime directory",
        metavar="FILE",
        reloadable=False,
    )
    preload: bool = option(True, values.switch, "import the project once and fork workers from it", reloadable=False)
    start_timeout: float = option(120.0, values.duration, "time for the project to load; 0: for ever", metavar="TIME")
    worker_timeout: float = option(
        30.0,
        values.duration,
        "replace a worker whose event loop stands still this long; 0: never",
        metavar="TIME",
    )
    max_requests: int = option(
        0,
        values.number(0, 1_000_000_000),
        "replace a worker after so many requests; 0: never",
        metavar="N",
    )
    max_requests_jitter: int = option(
        0,
        values.number(0, 1_000_000_000),
        "up to so many requests more, so that workers go one by one",
        metavar="N",
    )
    max_rss: int = option(0, values.size, "replace a worker that takes this much memory; 0: never", metavar="SIZE")
    max_lifetime: float = option(0.0, values.duration, "replace a worker of this age; 0: never", metavar="TIME")
    user: str = option(
        "",
        values.text,
        "run the project as this user (needs root)",
        "-u",
        metavar="USER",
        reloadable=False,
    )
    group: str = option("", values.text, "run the project as this group", metavar="GROUP", reloadable=False)
    umask: str = option("", values.umask, "mode that new files lack, octal", metavar="MODE", reloadable=False)
