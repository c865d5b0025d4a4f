"""Every option of Hendrix, declared once: name, parser, default, unit, help, flags, and whether a reload takes it.

Flags, environment variables (``HX_<NAME>``), ``hendrix.toml``, Django's ``HENDRIX`` setting and the reference page
are derived from this table. A loaded ``Config`` is frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from typing import Any, cast

from hendrix.core import values
from hendrix.core.references import described
from hendrix.core.values import Parser

_SPELL: dict[Parser, Callable[[Any], str]] = {
    values.size: values.size_text,
    values.duration: values.duration_text,
    values.workers: values.workers_text,
}


@dataclass(frozen=True, slots=True)
class Option:
    """What is known of one option besides its default."""

    name: str
    parse: Parser
    help: str
    group: str
    flags: tuple[str, ...]
    default: Any
    metavar: str = ""
    repeat: bool = False
    switch: bool = False
    reloadable: bool = True
    setting: str = ""

    @property
    def environ(self) -> str:
        """The environment variable that sets it."""
        return f"HX_{self.name.upper()}"

    @property
    def flag(self) -> str:
        """The long flag that sets it."""
        return self.flags[-1]

    def spelled(self, value: Any) -> str:
        """``value`` as one would write it: 256MB, 30s, on. The parser reads it back."""
        if self.repeat:
            return ", ".join(value)
        if self.switch:
            return "on" if value else "off"
        return _SPELL.get(self.parse, str)(value)


def _option(
    default: Any,
    parse: Parser,
    text: str,
    *short: str,
    group: str,
    metavar: str = "",
    repeat: bool = False,
    reloadable: bool = True,
    setting: str = "",
) -> Any:
    """Declare a field of ``Config``. ``short`` are flags besides ``--name``; ``setting`` an old Django setting.

    What is not ``reloadable`` is taken by a restart only.
    """
    about = {
        "parse": parse,
        "help": text,
        "group": group,
        "flags": short,
        "metavar": metavar,
        "repeat": repeat,
        "switch": parse is values.switch,
        "reloadable": reloadable,
        "setting": setting,
    }
    return field(default=default, metadata={"option": about})


@dataclass(frozen=True, slots=True)
class Config:
    """The effective configuration. Sizes are bytes, durations seconds."""

    # What to serve
    settings: str = _option(
        "",
        values.module,
        "settings module; else DJANGO_SETTINGS_MODULE, else what manage.py sets",
        group="project",
        metavar="MODULE",
    )
    pythonpath: str = _option("", values.text, "directory to import the project from", group="project", metavar="DIR")
    chdir: str = _option(
        "", values.text, "go to this directory first", group="project", metavar="DIR", reloadable=False
    )
    wsgi: str = _option(
        "",
        values.application,
        "serve this WSGI application: module:attr or module.attr",
        group="project",
        metavar="APP",
    )

    asgi: str = _option(
        "",
        values.application,
        "serve this ASGI application: module:attr or module.attr",
        group="project",
        metavar="APP",
    )
    script: str = _option(
        "",
        values.text,
        "what a Python script or module serves by HendrixDeploy(...).run(); running it does the same",
        group="project",
        metavar="FILE",
        reloadable=False,
    )
    interface: str = _option(
        "auto",
        values.choice("auto", "django", "wsgi", "asgi"),
        "how a Django project is called: django (sync and async views), its wsgi or asgi application, or auto",
        group="project",
        metavar="NAME",
    )
    lifespan: str = _option(
        "auto",
        values.choice("auto", "on", "off"),
        "tell an ASGI application of start and end: on, off, or auto: if it understands",
        group="project",
        metavar="WHEN",
    )
    root_path: str = _option(
        "",
        values.url_prefix,
        "prefix that a proxy took off the path: ASGI's root_path, WSGI's SCRIPT_NAME",
        group="project",
        metavar="PATH",
    )

    # Where to listen
    bind: tuple[str, ...] = _option(
        (),
        values.address,
        "listen at HOST:PORT, [v6]:PORT, unix:/path or fd://N; may be given again",
        "-b",
        group="listen",
        metavar="ADDRESS",
        repeat=True,
        reloadable=False,
    )
    http_port: int = _option(
        8000,
        values.number(0, 65535),
        "port to listen at where no --bind is given",
        group="listen",
        metavar="PORT",
        setting="HTTP_PORT",
        reloadable=False,
    )
    backlog: int = _option(
        2048,
        values.number(1, 65535),
        "connections that may wait to be accepted",
        group="listen",
        metavar="N",
        reloadable=False,
    )
    proxy_protocol: str = _option(
        "off",
        values.choice("off", "v1", "v2", "on"),
        "connections begin with a PROXY line: v1, v2, or on for both",
        group="listen",
        metavar="VERSION",
    )
    forwarded_allow_ips: str = _option(
        "127.0.0.1,::1,unix",
        values.networks,
        "peers whose Forwarded, X-Forwarded-* and PROXY lines are believed: addresses, networks, unix, *",
        group="listen",
        metavar="NETS",
    )

    # Processes and threads
    workers: int = _option(
        1, values.workers, "worker processes; auto: one per usable CPU", "-w", group="processes", metavar="N"
    )
    threads: int = _option(
        64,
        values.number(1, 1024),
        "threads per worker at the most; they come when work waits, and go",
        group="processes",
        metavar="N",
    )
    queue_size: int = _option(
        1000,
        values.number(1, 1_000_000),
        "requests that may wait for a thread; past that 503",
        group="processes",
        metavar="N",
    )
    graceful_timeout: float = _option(
        30.0,
        values.duration,
        "time for requests under way when a worker is told to leave",
        group="processes",
        metavar="TIME",
    )

    # Beside the site
    resources: tuple[str, ...] = _option(
        (),
        values.resource,
        "resource of twisted.web to mount beside the site: module.attr or path=module.attr; may be given again",
        group="beside",
        metavar="RESOURCE",
        repeat=True,
        setting="HENDRIX_CHILD_RESOURCES",
    )
    services: tuple[str, ...] = _option(
        (),
        values.service,
        "Twisted service to run beside the site: module.Class or name=module.Class; may be given again",
        group="beside",
        metavar="SERVICE",
        repeat=True,
        setting="HENDRIX_SERVICES",
    )

    # Answers
    compress: str = _option(
        "off",
        values.codings,
        "compress what the project answers: on, off, or codings in order of preference: zstd,br,gzip",
        group="answers",
        metavar="CODINGS",
    )
    compress_private: bool = _option(
        False,
        values.switch,
        "also answers that set or vary on cookies; only where BREACH is no danger",
        group="answers",
    )
    compress_jitter: int = _option(
        32,
        values.number(0, 255),
        "random bytes at the most that hide how much an answer shrank; 0: none",
        group="answers",
        metavar="N",
    )

    sendfile_root: tuple[str, ...] = _option(
        (),
        values.sendfile_root,
        "directory that views may have files sent from: /dir (X-Sendfile) or /prefix/=/dir (X-Accel-Redirect, too)",
        group="answers",
        metavar="DIR",
        repeat=True,
    )

    # Life of the server
    dev: bool = _option(
        False,
        values.switch,
        "development: reload on save, static files, tracebacks, a line per answer",
        group="life",
        reloadable=False,
    )
    reload: bool = _option(False, values.switch, "load the code anew when it changes", group="life", reloadable=False)
    daemonize: bool = _option(
        False, values.switch, "go to the background once all is ready", "-d", group="life", reloadable=False
    )
    pid: str = _option(
        "",
        values.text,
        "pid file; else <port>_<settings>.pid in the runtime directory",
        group="life",
        metavar="FILE",
        reloadable=False,
    )
    preload: bool = _option(
        True, values.switch, "import the project once and fork workers from it", group="life", reloadable=False
    )
    start_timeout: float = _option(
        120.0, values.duration, "time for the project to load; 0: for ever", group="life", metavar="TIME"
    )
    worker_timeout: float = _option(
        30.0,
        values.duration,
        "replace a worker whose event loop stands still this long; 0: never",
        group="life",
        metavar="TIME",
    )
    max_requests: int = _option(
        0,
        values.number(0, 1_000_000_000),
        "replace a worker after so many requests; 0: never",
        group="life",
        metavar="N",
    )
    max_requests_jitter: int = _option(
        0,
        values.number(0, 1_000_000_000),
        "up to so many requests more, so that workers go one by one",
        group="life",
        metavar="N",
    )
    max_rss: int = _option(
        0, values.size, "replace a worker that takes this much memory; 0: never", group="life", metavar="SIZE"
    )
    max_lifetime: float = _option(
        0.0, values.duration, "replace a worker of this age; 0: never", group="life", metavar="TIME"
    )
    user: str = _option(
        "",
        values.text,
        "run the project as this user (needs root)",
        "-u",
        group="life",
        metavar="USER",
        reloadable=False,
    )
    group: str = _option(
        "", values.text, "run the project as this group", "-g", group="life", metavar="GROUP", reloadable=False
    )
    umask: str = _option(
        "", values.umask, "mode that new files lack, octal", group="life", metavar="MODE", reloadable=False
    )

    # Limits and deadlines
    client_max_body_size: int = _option(
        256 * 1024**2,
        values.size,
        "largest request body; past that 413. 0: no limit",
        group="limits",
        metavar="SIZE",
    )
    limit_request_line: int = _option(
        8190, values.number(64, 65536), "longest request line, bytes; past that 414", group="limits", metavar="N"
    )
    limit_request_fields: int = _option(
        100, values.number(1, 1000), "header fields of a request; past that 431", group="limits", metavar="N"
    )
    limit_request_field_size: int = _option(
        16384, values.number(64, 65536), "longest header field, bytes; past that 431", group="limits", metavar="N"
    )
    limit_request_head: int = _option(
        65536, values.number(256, 262144), "whole head of a request, bytes; past that 431", group="limits", metavar="N"
    )
    limit_connections: int = _option(
        0,
        values.number(0, 1_000_000),
        "open connections per worker; 0: as many as descriptors allow",
        group="limits",
        metavar="N",
    )
    head_timeout: float = _option(
        10.0, values.duration, "time to send a whole request head", group="limits", metavar="TIME"
    )
    body_timeout: float = _option(
        20.0, values.duration, "time to send a body, before its rate counts", group="limits", metavar="TIME"
    )
    min_rate: int = _option(
        500,
        values.size,
        "bytes per second that a peer must send of a body, and take of an answer",
        group="limits",
        metavar="SIZE",
    )
    keep_alive: float = _option(
        65.0, values.duration, "time that an idle connection is kept", group="limits", metavar="TIME"
    )
    write_timeout: float = _option(
        30.0, values.duration, "time that a peer may take nothing of an answer", group="limits", metavar="TIME"
    )
    slow_request: float = _option(
        10.0,
        values.duration,
        "log the stack of a request that runs this long; 0: never",
        group="limits",
        metavar="TIME",
    )
    timeout: float = _option(
        60.0,
        values.duration,
        "answer 504 to a request that runs this long and replace its worker; 0: never",
        "-t",
        group="limits",
        metavar="TIME",
    )

    # Static files and uploads
    static: bool = _option(
        True, values.switch, "serve static files: STATIC_ROOT, or the apps' own, at STATIC_URL", group="files"
    )
    media: bool = _option(True, values.switch, "serve uploads: MEDIA_ROOT at MEDIA_URL, to everybody", group="files")
    static_max_age: float = _option(
        60.0,
        values.duration,
        "time that browsers keep a file before they ask again, unless its name has a hash; 0: none",
        group="files",
        metavar="TIME",
    )
    static_immutable: str = _option(
        "",
        values.pattern,
        "regular expression of names that never change their content",
        group="files",
        metavar="PATTERN",
    )
    static_memory: int = _option(
        32 * 1024**2, values.size, "memory for small files, per worker", group="files", metavar="SIZE"
    )
    static_compress: bool = _option(
        True, values.switch, "compress static files in the background, each once", group="files"
    )
    media_links: bool = _option(
        False, values.switch, "follow symbolic links in MEDIA_ROOT, wherever they lead", group="files"
    )

    # WebSockets
    ws_max_size: int = _option(
        16 * 1024**2,
        values.size,
        "largest message, decompressed; past that close 1009. 0: no limit",
        group="websockets",
        metavar="SIZE",
    )
    ws_max_queue: int = _option(
        32,
        values.number(1, 100_000),
        "messages that may wait for the application; past that the peer waits",
        group="websockets",
        metavar="N",
    )
    ws_ping_interval: float = _option(
        20.0, values.duration, "time between pings; 0: none", group="websockets", metavar="TIME"
    )
    ws_ping_timeout: float = _option(
        20.0, values.duration, "time to answer a ping; 0: for ever", group="websockets", metavar="TIME"
    )
    ws_per_message_deflate: bool = _option(
        True, values.switch, "compress messages if the peer offers it", group="websockets"
    )

    # Logs
    verbosity: int = _option(
        1, values.number(0, 3), "0 errors only, 1 normal, 2 more, 3 everything", "-v", group="logs", metavar="N"
    )
    quiet: bool = _option(False, values.switch, "errors only", "-q", group="logs")
    loud: bool = _option(False, values.switch, "a coloured line on the terminal for each answer", "-l", group="logs")
    log: str = _option("", values.text, "write the log to FILE instead of stderr", group="logs", metavar="FILE")
    access_log: str = _option(
        "off",
        values.access_format,
        "a line per request: off, combined, json or a format of %-atoms",
        group="logs",
        metavar="FORMAT",
    )
    access_logfile: str = _option(
        "-", values.text, "where access lines go; - is standard output", group="logs", metavar="FILE"
    )
    request_id: str = _option(
        "X-Request-ID",
        values.field_name,
        "header that carries the request's id in and out; empty: none",
        group="logs",
        metavar="NAME",
    )
    server_header: str = _option(
        "hendrix", values.field_value, "value of the Server header; empty: none", group="logs", metavar="TEXT"
    )
    traceback: bool = _option(False, values.switch, "show Hendrix's own traceback when it fails", group="logs")

    @property
    def subject(self) -> str:
        """What is served, for names and titles; empty where nothing was named."""
        return self.settings or self.wsgi or self.asgi or self.script.rpartition("/")[2].removesuffix(".py")

    @property
    def codings(self) -> list[str]:
        """What answers are compressed with, in order of preference; empty where they are not."""
        return [] if self.compress == "off" else self.compress.split(",")


def _described(declared: Field[Any]) -> Option:
    about = declared.metadata["option"]
    flags = (*about["flags"], "--" + declared.name.replace("_", "-"))
    assert declared.default is not MISSING
    return Option(name=declared.name, default=declared.default, **{**about, "flags": flags})


OPTIONS: dict[str, Option] = {declared.name: _described(declared) for declared in fields(Config)}

#: Where settings may hold things, and not only what names them.
_THINGS = {
    place
    for option in OPTIONS.values()
    if option.parse in (values.service, values.resource)
    for place in (option.setting, f"HENDRIX.{option.name}")
}

#: The groups in the order of the help page, and their titles.
GROUPS: dict[str, str] = {
    "project": "What to serve",
    "listen": "Where to listen",
    "processes": "Processes and threads",
    "beside": "Beside the site",
    "answers": "Answers",
    "life": "Life of the server",
    "limits": "Limits and deadlines",
    "files": "Static files and uploads",
    "websockets": "WebSockets",
    "logs": "Logs",
}


def set_by_django(settings: object) -> dict[str, Any]:
    """What a Django settings object says to Hendrix, under the settings' own names, as JSON can carry it.

    That is the ``HENDRIX`` dict and the old names, for example ``{"HENDRIX": {"threads": 8}, "HTTP_PORT": 9000}``.
    """
    names = [option.setting for option in OPTIONS.values() if option.setting]
    said = {name: _said(name, getattr(settings, name)) for name in names if hasattr(settings, name)}
    if hasattr(settings, "HENDRIX"):
        own = settings.HENDRIX
        said["HENDRIX"] = _own(own) if isinstance(own, dict) else _jsonable(own)
    return said


def _own(options: dict[Any, Any]) -> dict[str, Any]:
    """The ``HENDRIX`` dict."""
    return {str(name): _said(f"HENDRIX.{name}", value) for name, value in options.items()}


def _said(place: str, value: Any) -> Any:
    """What is at ``place`` in the settings. Things are told by where they are."""
    if value is not None and place in _THINGS:
        return described(value, f"django.conf:settings.{place}")
    return _jsonable(value)


def _jsonable(value: Any) -> Any:
    """Paths and lazy strings become text; everything that JSON knows stays as it is."""
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def to_plain(config: Config) -> dict[str, Any]:
    """The configuration as JSON can carry it."""
    return asdict(config)


def from_plain(plain: dict[str, Any]) -> Config:
    """The reverse of ``to_plain``."""
    lists = {name: tuple(cast("list[str]", plain[name])) for name in plain if OPTIONS[name].repeat}
    return Config(**{**plain, **lists})
