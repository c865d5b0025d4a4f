"""Which kind of configuration it is, and its reader."""

from __future__ import annotations

import os
from collections.abc import Callable

from hendrix.cli.migrate.commands import is_command, read_command
from hendrix.cli.migrate.gunicorn import read_file
from hendrix.cli.migrate.migration import Migration
from hendrix.cli.migrate.nginx import is_nginx, read_nginx
from hendrix.cli.migrate.procfile import is_procfile, read_procfile
from hendrix.cli.migrate.supervisord import is_supervisord, read_supervisord
from hendrix.core.errors import UsageError

#: No configuration is larger (bytes).
_LARGEST = 1024 * 1024


def read_any(words: list[str]) -> Migration:
    """``words`` are the name of a file, or a command line. Raises ``UsageError``."""
    line = " ".join(words)
    if len(words) == 1 and os.path.exists(words[0]):
        return _read(words[0])
    if is_command(line):
        return read_command("the command line", line)
    if len(words) == 1:
        raise UsageError(f"{words[0]} does not exist; give a file or the command line of a server, in quotes")
    raise UsageError(f"{line[:60]!r} is no command line of a server that can be read")


def _read(path: str) -> Migration:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text in UTF-8; give another server's configuration") from None
    if len(text) > _LARGEST:
        raise UsageError(f"{path} is too large for a configuration")
    return _reader(path, text)(os.path.basename(path), text)


def _reader(path: str, text: str) -> Callable[[str, str], Migration]:
    name = os.path.basename(path).lower()
    if name.startswith("procfile"):
        return read_procfile
    if name.endswith(".py"):
        return read_file
    if is_supervisord(text):
        return read_supervisord
    if is_nginx(text):
        return read_nginx
    if is_procfile(text):
        return read_procfile
    if is_command(text):
        return read_command
    raise UsageError(
        f"{path} is nothing that can be read: gunicorn.conf.py, Procfile, supervisord.conf, nginx.conf, or a script"
    )
