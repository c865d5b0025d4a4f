"""``hx start``: from the loaded options to a running supervisor."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from hendrix.cli.load import Sourced, overruled, resolve
from hendrix.cli.project import find
from hendrix.core.config import Config
from hendrix.core.control import SettingsLoaded
from hendrix.observe import log
from hendrix.supervisor import main as supervisor


def start(sourced: Sourced) -> int:
    """Serve the project in the current directory until told to stop; returns the exit status."""
    project = find(sourced, os.environ, Path.cwd())
    known = overruled(sourced, project.level())
    if project.settings:
        os.environ["DJANGO_SETTINGS_MODULE"] = project.settings
    log.configure(known.config)

    def resolved(report: SettingsLoaded) -> Config:
        config = resolve(known, report).config
        log.configure(config)  # the project's settings may say where logs go
        return config

    return supervisor.run(known.config, template=template, reopen_logs=log.reopen, resolve=resolved)


def template(channel: socket.socket, config: Config) -> None:
    """The life of a template process. Only here, never in the supervisor, are Django and Twisted imported."""
    from hendrix.worker.template import serve  # noqa: PLC0415

    paths = config.pythonpath.split(os.pathsep)
    sys.path[:] = [*paths, *(path for path in sys.path if path not in paths)]
    serve(channel, config)
