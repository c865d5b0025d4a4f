"""Command lines of other servers: gunicorn, uvicorn, Hypercorn, Daphne, Granian, waitress, uWSGI, runserver."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hendrix.cli.migrate import gunicorn
from hendrix.cli.migrate.application import serve
from hendrix.cli.migrate.migration import Migration
from hendrix.cli.migrate.words import address, seconds
from hendrix.core.errors import UsageError

#: Flag -> what becomes of its value: an option of ours, a function, or None where it has no value.
Flags = Mapping[str, str]

_GUNICORN = {
    "-b": "bind", "-w": "workers", "-k": "worker_class", "-t": "timeout", "-D": "daemon", "-p": "pidfile",
    "-u": "user", "-g": "group", "-m": "umask", "-c": "config", "-e": "raw_env", "-n": "proc_name",
    "--preload": "preload_app", "--pid": "pidfile", "--error-logfile": "errorlog", "--log-file": "errorlog",
    "--access-logfile": "accesslog", "--access-logformat": "access_log_format", "--keep-alive": "keepalive",
    "--log-level": "loglevel", "--name": "proc_name", "--env": "raw_env", "--log-config": "logconfig",
}  # fmt: skip
_GUNICORN_SWITCHES = frozenset(
    ("preload_app", "reload", "daemon", "proxy_protocol", "capture_output", "reuse_port", "no_sendfile")
)

#: Of uvicorn, Hypercorn, Granian and waitress: those that mean the same wherever they stand.
_PLAIN = {
    "--workers": "workers", "-w": "workers", "--threads": "threads", "--backlog": "backlog",
    "--limit-max-requests": "max_requests", "--max-requests": "max_requests",
    "--max-requests-jitter": "max_requests_jitter", "--limit-max-requests-jitter": "max_requests_jitter",
    "--limit-concurrency": "limit_connections", "--connection-limit": "limit_connections",
    "--root-path": "root_path", "--url-path-prefix": "root_path", "--url-prefix": "root_path",
    "--forwarded-allow-ips": "forwarded_allow_ips", "--trusted-proxy": "forwarded_allow_ips",
    "--trusted-hosts": "forwarded_allow_ips", "--lifespan": "lifespan", "--pid": "pid", "-p:hypercorn": "pid",
    "--pid-file": "pid", "--working-dir": "chdir", "--app-dir": "pythonpath", "--ws-max-size": "ws_max_size",
    "--ws-max-queue": "ws_max_queue", "--ws-ping-interval": "ws_ping_interval",
    "--websocket-ping-interval": "ws_ping_interval", "--ws-ping-timeout": "ws_ping_timeout",
    "--ssl-keyfile": "key", "--ssl-certfile": "cert", "--ssl-certificate": "cert", "--keyfile": "key",
    "--certfile": "cert", "--ssl-ca-certs": "client_ca", "--ca-certs": "client_ca",
    "--ssl-keyfile-password": "", "--user": "user", "-u": "user", "--group": "group", "--umask": "umask",
    "--max-request-body-size": "client_max_body_size", "--workers-lifetime": "max_lifetime",
    "--workers-max-rss": "max_rss",
}  # fmt: skip
_TIMES = {
    "--timeout-keep-alive": "keep_alive", "--keep-alive": "keep_alive", "--graceful-timeout": "graceful_timeout",
    "--timeout-graceful-shutdown": "graceful_timeout", "--http-timeout": "timeout", "--channel-timeout": "keep_alive",
    "--ping-interval": "ws_ping_interval", "--ping-timeout": "ws_ping_timeout",
}  # fmt: skip
_BIND = ("-b", "--bind", "--listen", "--insecure-bind")
_HOST, _PORT, _UNIX = ("--host",), ("--port",), ("--uds", "--unix-socket", "-u:daphne")
_ON = {"--reload": "reload", "--daemon": "daemonize", "-D": "daemonize"}
_NOT_NEEDED = {
    "--loop": "the loop is uvloop", "--http": "the parser is Hendrix's own", "--ws": "WebSockets are Hendrix's own",
    "--interface": "sync and async views are served alike", "--proxy-headers": "trusted peers are believed",
    "--no-proxy-headers": 'forwarded_allow_ips = "" believes nobody', "--http1-keep-alive": "always on",
    "-k": "the loop is uvloop", "--worker-class": "the loop is uvloop", "--runtime-mode": "there is no other runtime",
    "--runtime-threads": "one loop serves a worker", "--blocking-threads": "threads come when work waits",
    "--no-access-log": "the access log is off unless access_log is set", "--log-level": "quiet, verbosity and loud",
    "--env-file": "put the variables into the environment of the service", "--factory": "give the application a name",
    "--no-server-header": 'server_header = ""', "--date-header": "it is always sent", "--ws-per-message-deflate": "on",
    "--reload-dir": "what the project imports is watched", "--reload-include": "what the project imports is watched",
    "--static-path-route": "STATIC_URL says it", "--static-path-mount": "STATIC_ROOT says it",
    "--respawn-failed-workers": "always so", "--process-name": "processes are named by their settings",
}  # fmt: skip
#: Switches: no value follows them.
_ALONE = frozenset(
    ("--reload", "--daemon", "-D", "--proxy-headers", "--no-proxy-headers", "--no-access-log", "--access-log",
     "--factory", "--no-server-header", "--server-header", "--date-header", "--no-date-header", "--use-colors",
     "--respawn-failed-workers", "--no-ws", "--expose-tracebacks", "--call", "--no-reload", "--debug")
)  # fmt: skip

_ASGI = ("uvicorn", "hypercorn", "daphne")
_PROGRAMS = ("gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress-serve", "uwsgi", "runserver")


def is_command(text: str) -> bool:
    """Is it a line that one types, rather than the name of a file?"""
    return any(program in _PROGRAMS for program, _ in _commands(text))


def read_command(name: str, text: str, source: str = "") -> Migration:
    """One command line. Raises ``UsageError`` where no server is in it that is known."""
    for program, words in _commands(text):
        if program in _PROGRAMS:
            migration = Migration(name)
            _read(migration, program, words, source)
            return migration
    raise UsageError(
        f"{name}: no server is in {text.strip()[:60]!r} that can be read; it knows {', '.join(_PROGRAMS)}"
    )


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Programs of a line of the shell with the words behind each, without ``exec``, variables and ``python -m``."""
    try:
        words = shlex.split(re.sub(r"\\\r?\n", " ", text), comments=False)
    except ValueError as error:
        raise UsageError(f"{text.strip()[:60]!r} is no command line: {error}") from None
    while words:
        end = next((at for at, word in enumerate(words) if word in ("&&", "||", ";", "|", "&")), len(words))
        part, words = words[:end], words[end + 1 :]
        while part and (
            part[0] in ("exec", "env", "nohup", "poetry", "uv", "pipenv", "run") or re.match(r"\w+=", part[0])
        ):
            part = part[1:]
        if len(part) > 2 and re.match(r"python[\d.]*$", os.path.basename(part[0])) and part[1] == "-m":
            part = part[2:]
        if len(part) > 1 and any(os.path.basename(word) in ("manage.py", "django-admin") for word in part[:2]):
            part = [word for word in part if os.path.basename(word) not in ("manage.py",)]
            part = part[next((at for at, word in enumerate(part) if word == "runserver"), 0) :]
        if part:
            yield os.path.basename(part[0]), part[1:]


def _read(migration: Migration, program: str, words: list[str], source: str) -> None:
    if program == "gunicorn":
        _read_gunicorn(migration, words, source)
    elif program == "uwsgi":
        migration.leave("uwsgi", source, "its options are not read; workers, threads and bind have the same meaning")
    elif program == "runserver":
        _read_runserver(migration, words, source)
    else:
        _Others(migration, program, source).read(words)


def _pairs(words: list[str], alone: Callable[[str], bool]) -> Iterator[tuple[str, str | None]]:
    """Flags with their values, and other words with an empty flag."""
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            flag, equals, value = word.partition("=")
            flag = flag.replace("_", "-")
            yield (flag, value) if equals else (flag, None if alone(flag) else next(rest, ""))
        elif word.startswith("-") and len(word) > 1 and not word[1].isdigit():
            flag, value = word[:2], word[2:].removeprefix("=")
            yield (flag, value) if value else (flag, None if alone(flag) else next(rest, ""))
        else:
            yield "", word


def _placed(source: str, words: str) -> str:
    return f"{source}: {words}" if source else words


def _read_gunicorn(migration: Migration, words: list[str], source: str) -> None:
    def name_of(flag: str) -> str:
        return _GUNICORN.get(flag, flag.lstrip("-").replace("-", "_"))

    kind = "asgi" if any("uvicorn" in word.lower() or word == "asgi" for word in words) else "wsgi"
    for flag, value in _pairs(words, lambda flag: name_of(flag) in _GUNICORN_SWITCHES):
        if not flag:
            serve(migration, str(value), _placed(source, str(value)), kind)
        else:
            said = _placed(source, flag if value is None else f"{flag} {value}")
            gunicorn.setting(migration, name_of(flag), True if value is None else value, said)


def _read_runserver(migration: Migration, words: list[str], source: str) -> None:
    migration.say("dev", True, _placed(source, "runserver"))
    for flag, value in _pairs(words, lambda flag: flag not in ("--settings", "--pythonpath")):
        said = _placed(source, f"{flag} {value}".strip())
        if not flag and value:
            host, _, port = value.rpartition(":")
            migration.say("bind", address(host or "127.0.0.1", port), said)
        elif flag in ("--settings", "--pythonpath"):
            migration.say(flag[2:], value, said)


class _Others:
    """uvicorn, Hypercorn, Daphne, Granian and waitress, whose flags agree where they share them."""

    def __init__(self, migration: Migration, program: str, source: str) -> None:
        self._migration = migration
        self._program = program
        self._source = source
        self._host, self._port = "", ""
        self._kind = "asgi" if program in _ASGI else "wsgi"

    def read(self, words: list[str]) -> None:
        """All of ``words``."""
        for flag, value in _pairs(words, lambda flag: flag in _ALONE):
            said = _placed(self._source, f"{flag} {'' if value is None else value}".strip())
            if flag:
                self._flag(flag, value, said)
            else:
                serve(self._migration, str(value), said, self._kind)
        if self._port in ("$PORT", "${PORT}"):
            said = _placed(self._source, f"--port {self._port}")
            self._migration.leave(said, said, "not needed: PORT in the environment is where it listens")
        elif self._host or self._port:
            waitress = self._program == "waitress-serve"
            host = self._host or ("0.0.0.0" if waitress else "127.0.0.1")
            port = self._port or ("8080" if waitress else "8000")
            said = _placed(self._source, f"--host {host} --port {port}")
            self._migration.say("bind", address(host, port), said)

    def _flag(self, flag: str, value: Any, said: str) -> None:
        short = f"{flag}:{self._program}"
        flag = short if short in _PLAIN or short in _UNIX else flag
        if self._address(flag, value, said):
            return
        if flag in _ON:
            self._migration.say(_ON[flag], True, said)
        elif flag in _TIMES:
            self._migration.say(_TIMES[flag], seconds(str(value)), said)
        elif _PLAIN.get(flag):
            self._migration.say(_PLAIN[flag], value, said)
        elif flag == "--access-log":
            self._migration.say("access_log", "combined", said)
        elif flag == "--interface" and self._program == "granian":
            self._kind = "wsgi" if value == "wsgi" else "asgi"
        else:
            self._migration.leave(said, said, _advice(flag))

    def _address(self, flag: str, value: Any, said: str) -> bool:
        daphne = self._program == "daphne"
        if flag in _HOST or (daphne and flag == "-b"):
            self._host = str(value)
        elif flag in _PORT or (daphne and flag == "-p"):
            self._port = str(value)
        elif flag in _UNIX:
            self._migration.say("bind", f"unix:{value}", said)
        elif flag in _BIND:
            words = str(value).replace("*:", "0.0.0.0:")
            self._migration.say("bind", words, said)
        elif daphne and flag in ("-e", "--endpoint"):
            return self._endpoint(str(value), said)
        else:
            return False
        return True

    def _endpoint(self, text: str, said: str) -> bool:
        """Twisted's words for a place to listen: ``tcp:8000:interface=127.0.0.1``, ``ssl:443:privateKey=...``."""
        kind, *parts = (part.replace("\\:", ":") for part in re.split(r"(?<!\\):", text))
        named = dict(part.partition("=")[::2] for part in parts if "=" in part)
        first = next((part for part in parts if "=" not in part), "")
        port = named.get("port", first)
        if kind == "unix":
            self._migration.say("bind", f"unix:{named.get('address', first)}", said)
        elif kind == "tcp":
            self._migration.say("bind", address(named.get("interface", "0.0.0.0"), port), said)
        elif kind == "ssl" and named.keys() >= {"privateKey", "certKey"}:
            self._migration.say("key", named["privateKey"], said)
            self._migration.say("cert", named["certKey"], said)
            self._migration.say("https_port", port, said)
        else:
            return False
        return True


def _advice(flag: str) -> str:
    reason = _NOT_NEEDED.get(flag)
    return f"not needed: {reason}" if reason else "nothing of ours stands for it"
