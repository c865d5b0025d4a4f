"""Where the project is to run, as far as options and settings tell: what is grave there need not be so elsewhere."""

from __future__ import annotations

from dataclasses import field

from hendrix.cli.doctor.facts import Settings
from hendrix.cli.doctor.finding import ERROR, WARNING
from hendrix.core.config import Config
from hendrix.core.record import record


@record(frozen=True)
class Situation:
    """The final options, and the settings as far as they are known."""

    config: Config
    settings: Settings = field(default_factory=Settings)

    @property
    def production(self) -> bool:
        """Nothing says that somebody develops."""
        return not self.settings.debug and not self.config.dev

    @property
    def grave(self) -> str:
        """The level of what breaks a site that has visitors."""
        return ERROR if self.production else WARNING

    @property
    def public(self) -> bool:
        """Can other machines connect? Sockets that somebody hands over are judged as if they could."""
        places = (*self.config.bind, *self.config.https_bind)
        return not places or not all(map(_is_local, places))

    @property
    def processes(self) -> int:
        """Those that run the project's code."""
        return self.config.workers + self.config.task_workers


def _is_local(place: str) -> bool:
    return place.startswith(("unix:", "127.", "localhost:", "[::1]:"))
