"""``supervisord.conf``: the program that is a server."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Mapping

from hendrix.cli.migrate.commands import is_command, read_command
from hendrix.cli.migrate.migration import Migration
from hendrix.cli.migrate.words import named, seconds
from hendrix.core.errors import UsageError

_SERVICE = "hx is its own supervisor; systemd starts it at boot"
_ADVICE = {
    "autostart": _SERVICE,
    "autorestart": "a worker that dies is always replaced",
    "startretries": "a worker that dies at once is replaced ever more slowly",
    "startsecs": "a worker counts as started when it says that it is ready",
    "priority": _SERVICE,
    "numprocs": "workers = N is the number of processes",
    "killasgroup": "not needed: no child is left behind",
    "stopasgroup": "not needed: no child is left behind",
    "stopsignal": "TERM ends it without a lost request",
    "redirect_stderr": "not needed: all goes to one log",
    "environment": "set it in the environment of the service",
}


def _log(migration: Migration, value: str, source: str) -> None:
    if value.upper() in ("AUTO", "NONE", "SYSLOG", "/DEV/STDOUT", "/DEV/STDERR", "/DEV/FD/1", "/DEV/FD/2"):
        return
    if "log" not in migration.found:
        migration.say("log", value, source)


_SAID: Mapping[str, Callable[[Migration, str, str], None]] = {
    "directory": lambda migration, value, source: migration.say("chdir", value, source),
    "user": lambda migration, value, source: migration.say("user", value, source),
    "umask": lambda migration, value, source: migration.say("umask", value, source),
    "stopwaitsecs": lambda migration, value, source: migration.say("graceful_timeout", seconds(value), source),
    "stderr_logfile": _log,
    "stdout_logfile": _log,
}


def is_supervisord(text: str) -> bool:
    """Has it a section of a program?"""
    return re.search(r"^\[(program|fcgi-program):", text, re.MULTILINE) is not None


def read_supervisord(name: str, text: str) -> Migration:
    """The first program that is a server. Raises ``UsageError`` where there is none, or where it is malformed."""
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";",))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UsageError(f"{name}: {' '.join(str(error).split())}") from None
    programs = [section for section in parser.sections() if re.match(r"(fcgi-)?program:", section)]
    servers = [section for section in programs if is_command(parser.get(section, "command", fallback=""))]
    if not servers:
        raise UsageError(f"{name}: no program of it is a server that can be read")
    section = servers[0]
    migration = read_command(name, parser.get(section, "command"), f"[{section}] command")
    for key, value in parser.items(section):
        _key(migration, section, key, value)
    for other in programs:
        if other != section:
            migration.leave(f"[{other}]", other, "keep it as it is, or see --task-workers for background tasks")
    return migration


def _key(migration: Migration, section: str, key: str, value: str) -> None:
    source = f"[{section}] {key}={value}"
    if key == "environment":
        source = named(f"[{section}] {key}", re.findall(r"(?:^|,)\s*(\w+=)", value))
    if key in _SAID:
        _SAID[key](migration, value, source)
    elif key not in ("command", "process_name"):
        migration.leave(source, source, _ADVICE.get(key, "nothing of ours stands for it"))
