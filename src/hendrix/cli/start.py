"""``hx start``: from the loaded options to a running supervisor."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from hendrix.cli.load import Sourced, load, overruled, resolve
from hendrix.cli.project import find
from hendrix.core.config import Config
from hendrix.core.control import SettingsLoaded
from hendrix.core.errors import UsageError
from hendrix.observe import log
from hendrix.supervisor import identity, notify
from hendrix.supervisor import main as supervisor
from hendrix.supervisor.inherited import activated
from hendrix.supervisor.main import Rooms
from hendrix.supervisor.origin import REHEARSAL, Origin


def start(sourced: Sourced) -> int:
    """Serve the project in the current directory until told to stop; returns the exit status."""
    options = ProjectOptions(sourced, Origin.now())
    rehearsing = REHEARSAL in os.environ
    log.configure(options.known())
    if rehearsing:
        return 0
    notify.strip(os.environ)
    return supervisor.run(options, Rooms(template, log.reopen), options.origin)


class ProjectOptions:
    """The options of the project in the directory that we were started in, read anew each time."""

    def __init__(self, sourced: Sourced, origin: Origin) -> None:
        self.origin = origin
        self._flags = sourced.levels[0]
        self._sourced = sourced

    def known(self) -> Config:
        """Flags, environment, file, and where the project is. The process goes to its directory."""
        environ = self.origin.environ
        sourced, directory = self._loaded()
        project = find(sourced, environ, directory)
        self._sourced = overruled(sourced, project.level())
        if project.settings:
            os.environ["DJANGO_SETTINGS_MODULE"] = project.settings
        config = self._sourced.config
        identity.find(config.user, config.group)  # unknown names are to be told here, not in the template
        if config.umask:
            os.umask(int(config.umask, 8))
        return config

    def _loaded(self) -> tuple[Sourced, Path]:
        home = Path(self.origin.directory)
        sourced = load(self._flags, self.origin.environ, home)
        if not sourced.config.chdir:
            return sourced, home
        place = home / Path(sourced.config.chdir).expanduser()
        try:
            os.chdir(place)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UsageError(f"{sourced.sources['chdir']}: cannot go to {place}: {reason}") from None
        return load(self._flags, self.origin.environ, place), place

    def resolve(self, loaded: SettingsLoaded) -> Config:
        """With what the project's settings say."""
        given = activated(self.origin.environ, os.getpid())
        config = resolve(self._sourced, loaded, given).config
        log.configure(config)  # the project's settings may say where logs go
        return config


def template(channel: socket.socket, config: Config, stacks: int) -> None:
    """The life of a template process. Only here, never in the supervisor, are Django and Twisted imported."""
    from hendrix.worker.template import serve  # noqa: PLC0415

    paths = config.pythonpath.split(os.pathsep)
    sys.path[:] = [*paths, *(path for path in sys.path if path not in paths)]
    serve(channel, config, stacks)
