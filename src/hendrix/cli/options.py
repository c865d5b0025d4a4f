"""The options of the project in the directory that we were started in: the same for each generation, read anew."""

from __future__ import annotations

import os
from pathlib import Path

from hendrix.cli import access, statedir
from hendrix.cli.development import with_certificate
from hendrix.cli.given import Given
from hendrix.cli.listening import with_places
from hendrix.cli.load import Sourced, overruled, resolve
from hendrix.cli.place import go_there
from hendrix.cli.project import find
from hendrix.core.config import Config
from hendrix.core.control import SettingsLoaded
from hendrix.observe import log
from hendrix.supervisor import identity
from hendrix.supervisor.inherited import activated, for_https
from hendrix.supervisor.origin import Origin
from hendrix.tls import terms


class ProjectOptions:
    """``latest`` are the options as far as they are known by now, with their sources."""

    def __init__(self, sourced: Sourced, origin: Origin) -> None:
        self.origin = origin
        self.latest = sourced
        self._flags = sourced.levels[0]
        self._before_settings = sourced

    def known(self) -> Config:
        """Flags, environment, file, and where the project is. The process goes to its directory."""
        environ = self.origin.environ
        sourced, directory = go_there(self._flags, environ, Path(self.origin.directory))
        project = find(sourced, environ, directory)
        self._before_settings = overruled(sourced, project.level())
        if project.settings:
            os.environ["DJANGO_SETTINGS_MODULE"] = project.settings
        config = self._before_settings.config
        identity.find(config.user, config.group)  # unknown names are to be told here, not in the template
        if config.umask:
            os.umask(int(config.umask, 8))
        return self._settled(self._before_settings)

    def resolve(self, loaded: SettingsLoaded) -> Config:
        """With what the project's settings say."""
        config = self.merged(loaded)
        log.configure(config)  # the project's settings may say where logs go
        access.check_file(self.latest)
        return config

    def merged(self, loaded: SettingsLoaded) -> Config:
        """The same, and nothing is done about it."""
        given = activated(self.origin.environ, os.getpid())
        secure = for_https(self.origin.environ, given)
        sourced = with_certificate(resolve(self._before_settings, loaded), self.origin.environ)
        config = self._settled(with_places(sourced, loaded.debug, given, secure))
        if config.domains:
            terms.check(config)
        access.check_format(self.latest)
        return config

    def _settled(self, sourced: Sourced) -> Config:
        """With what follows from it. A daemon has no terminal: what would be said there goes to a file."""
        sourced = with_certificate(sourced, self.origin.environ)
        if sourced.config.daemonize and not sourced.config.log:
            path = statedir.log_file(self._before_settings.config, self.origin.environ)
            sourced = overruled(sourced, {"log": Given(path, sourced.sources["daemonize"])})
        if sourced.config.domains:
            sourced = overruled(sourced, {"vault": self._vault(sourced)})
        self.latest = sourced
        return sourced.config

    def _vault(self, sourced: Sourced) -> Given:
        """Wherever the processes that use it go."""
        config = sourced.config
        path = config.vault or statedir.vault(config.user, self.origin.environ)
        return Given(os.path.abspath(os.path.expanduser(path)), sourced.sources["vault"])
