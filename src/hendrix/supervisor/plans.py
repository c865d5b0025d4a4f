"""The options of each generation: read anew for it, and those of the one that serves."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from hendrix.core.config import OPTIONS, Config
from hendrix.core.control import SettingsLoaded
from hendrix.core.events import WARNING, emit
from hendrix.supervisor.moves import Terms

MOST_WORKERS = 512
"""That signals can ask for."""
LEAST_SILENCE = 2.0
"""Seconds of silence that mean nothing: a worker is heard once a second, and machines are busy."""


class Options(Protocol):
    """Where the configuration comes from. It is asked again for each generation."""

    def known(self) -> Config:
        """What is known before the project is. ``UsageError``."""

    def resolve(self, loaded: SettingsLoaded) -> Config:
        """The same with what the project's settings say; ``bind`` or ``https_bind`` is not empty. ``UsageError``."""


class Plans:
    """Generation -> configuration. ``current`` is that of the generation that serves."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.current = options.known()
        self._configs: dict[int, Config] = {}

    def __contains__(self, generation: int) -> bool:
        return generation in self._configs

    def __getitem__(self, generation: int) -> Config:
        return self._configs[generation]

    def begin(self, generation: int) -> None:
        """Read what is known before the project is loaded. ``UsageError``."""
        self._configs[generation] = self._options.known()

    def settle(self, generation: int, loaded: SettingsLoaded, *, anything: bool) -> Config:
        """The final options. Without ``anything`` those that only a restart can change stay. ``UsageError``."""
        config = self._options.resolve(loaded)
        self._configs[generation] = config if anything else _as_far_as_reloadable(config, self.current)
        return self._configs[generation]

    def keep(self, generation: int) -> Config:
        """This generation serves from now on; others are forgotten. Returns the options before."""
        before, self.current = self.current, self._configs.get(generation, self.current)
        self._configs = {generation: self.current}
        return before

    def inherit(self, generation: int, config: Config) -> None:
        """What a predecessor in this process served with."""
        self.current = self._configs[generation] = config


def terms(config: Config) -> Terms:
    """How long the fleet waits for whom."""
    silence = max(config.worker_timeout, LEAST_SILENCE) if config.worker_timeout else 0.0
    patient = config.dev or config.reload
    tasks, notice = config.task_timeout, config.drain_delay
    return Terms(config.graceful_timeout, config.start_timeout, silence, patient, tasks, notice)


def _as_far_as_reloadable(wanted: Config, running: Config) -> Config:
    """What only a restart can change stays as it is, and is told."""
    fixed = [name for name, option in OPTIONS.items() if not option.reloadable]
    changed = [name for name in fixed if getattr(wanted, name) != getattr(running, name)]
    if changed:
        options = ", ".join(OPTIONS[name].flag for name in changed)
        emit("reload.needs_restart", WARNING, options=options, advice="hx restart takes them")
    return replace(wanted, **{name: getattr(running, name) for name in changed})
