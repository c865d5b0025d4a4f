"""Where the project is and which settings it has, before anything of it is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hendrix.cli.given import Given, Level
from hendrix.cli.load import Sourced
from hendrix.cli.manage_py import settings_set_by
from hendrix.core.errors import UsageError
from hendrix.core.record import record


@record(frozen=True)
class Project:
    """``settings`` is empty for an application that needs none; ``paths`` go to the front of ``sys.path``."""

    settings: str
    source: str
    paths: tuple[str, ...]

    def level(self) -> Level:
        """What was found out, as options. ``pythonpath`` is joined as in ``PYTHONPATH``."""
        return {
            "settings": Given(self.settings, self.source),
            "pythonpath": Given(os.pathsep.join(self.paths), "the project"),
        }


def find(sourced: Sourced, environ: Mapping[str, str], directory: Path) -> Project:
    """The project in ``directory`` (or where ``pythonpath`` says). ``UsageError`` where there is none."""
    config = sourced.config
    extra = _pythonpath(sourced, directory)
    manage = _manage_py([directory, *extra])
    paths = tuple(dict.fromkeys(str(path) for path in (*extra, manage.parent if manage else directory)))
    if config.subject:
        return Project(config.settings, sourced.sources["settings"], paths)
    if manage is None:
        raise UsageError(
            f"no manage.py in {directory}; go to the project's directory, or give --settings, --wsgi, --asgi"
        )
    settings = settings_set_by(str(manage), environ)
    if not settings:
        raise UsageError(f"{manage} sets no DJANGO_SETTINGS_MODULE; give --settings")
    return Project(settings, str(manage), paths)


def _pythonpath(sourced: Sourced, directory: Path) -> list[Path]:
    """The directories of ``pythonpath``: one, or several joined as in ``PYTHONPATH``."""
    entries = [entry for entry in sourced.config.pythonpath.split(os.pathsep) if entry]
    paths = [Path(os.path.abspath(directory / Path(entry).expanduser())) for entry in entries]
    for path in paths:
        if not path.is_dir():
            source = sourced.sources["pythonpath"]
            raise UsageError(f"{source}: {str(path)!r} is no directory; give the one to import the project from")
    return paths


def _manage_py(directories: list[Path]) -> Path | None:
    return next((path / "manage.py" for path in directories if (path / "manage.py").is_file()), None)
