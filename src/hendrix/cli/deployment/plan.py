"""What is to be deployed: the project here, and the service that it becomes there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hendrix import __version__
from hendrix.cli import sources
from hendrix.cli.deployment.machine import Machine
from hendrix.cli.units.conf import read_conf
from hendrix.cli.units.service import Service
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError
from hendrix.core.record import record

#: What of a project's directory is not for other machines: patterns of names, as in fnmatch(3).
NOT_DEPLOYED = (
    *(".git", ".hg", ".svn", ".github", ".idea", ".vscode", ".DS_Store"),
    *("__pycache__", "*.py[cod]", "*.egg-info", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox"),
    *("node_modules", ".venv", ".env", ".hendrix"),
    *("*.sqlite3", "*.sqlite3-journal", "*.sqlite3-shm", "*.sqlite3-wal"),
)
#: Options that need a package more (pyproject.toml).
_EXTRAS = {
    "domain": "acme",
    "auto_https": "acme",
    "http3": "http3",
    "hub": "redis",
    "cache_store": "redis",
    "task_workers": "tasks",
    "otel": "otel",
}


@record(frozen=True)
class Plan:
    """``service`` is how the machines will have it: its paths and users are theirs."""

    service: Service
    #: The project's directory here, where manage.py is; absolute.
    folder: Path
    #: The directory that is written to; absolute, or nothing.
    output: str
    #: The way to it from the directory that is written to, or the absolute one.
    way: str
    #: All options that the configuration says, parsed.
    options: Mapping[str, Any]
    #: What it needs is listed in: ``requirements.txt``, ``pyproject.toml``, or nothing.
    requirements: str
    #: Names of files and directories that stay here.
    left: tuple[str, ...]
    #: Those that a balancer is before.
    servers: tuple[Machine, ...] = ()

    @property
    def mark(self) -> str:
        """Where a rendered file comes from, to stand at its top."""
        return f"from {os.path.basename(self.service.source)}"

    @property
    def slug(self) -> str:
        """The service's name, where only letters, digits and _ may be."""
        return re.sub(r"\W", "_", self.service.name)

    @property
    def settings(self) -> str:
        """The settings module, or nothing where manage.py knows it."""
        return str(self.options.get("settings") or self.service.environment.get("DJANGO_SETTINGS_MODULE", ""))

    @property
    def more_for_pip(self) -> str:
        """What is added to a list of words for pip, in Jinja; ``unpack.py`` writes down those of a pyproject.toml."""
        found = {"requirements.txt": "requirements.txt", "pyproject.toml": ".hendrix/requirements.txt"}
        return f"+ ['--requirement', '{found[self.requirements]}']" if self.requirements else ""

    def _asks_for(self, option: str) -> bool:
        """By itself, or by its variable."""
        said = self.options.get(option) or self.service.environment.get(OPTIONS[option].environ, "")
        return bool(said) and str(said).lower() not in ("0", "off", "false", "no")

    @property
    def hendrix(self) -> str:
        """How pip is told of Hendrix, with all that the options need: ``hendrix[acme]>=6.0``."""
        extras = sorted({extra for option, extra in _EXTRAS.items() if self._asks_for(option)})
        return f"hendrix{'[' + ','.join(extras) + ']' if extras else ''}>={__version__}"


def read_plan(path: str, output: str = "") -> Plan:
    """The plan of the file ``path``, to be written to the directory ``output``. Raises ``UsageError``."""
    service = read_conf(path, elsewhere=True)
    folder = Path(service.source).parent
    toml = os.path.basename(service.source) == sources.FILE
    if not (folder / "manage.py").is_file():
        raise UsageError(f"no manage.py beside {path}; put the file into the project's directory")
    options = {name: given.value for name, given in sources.file(folder).items()} if toml else service.options
    return Plan(
        service=service,
        folder=folder,
        output=os.path.realpath(output) if output else "",
        way=os.path.relpath(folder, os.path.realpath(output)) if output else str(folder),
        options=options,
        requirements=next((name for name in ("requirements.txt", "pyproject.toml") if (folder / name).is_file()), ""),
        left=(*NOT_DEPLOYED, *_ours(service, folder, output, toml)),
    )


def _ours(service: Service, folder: Path, output: str, toml: bool) -> list[str]:
    """The rendered files; and a YAML configuration, all of which is in the unit: there may be passwords in it.

    Beside the directory that is written to are those for other tools, with the same variables.
    """
    names = [] if toml else [os.path.basename(service.source)]
    if output:
        below = os.path.relpath(os.path.realpath(output), folder)
        top = below.partition(os.sep)[0]
        if top not in (os.curdir, os.pardir):
            names.append(f"{below if (folder / top / '__init__.py').exists() else top}/*")
    return names
