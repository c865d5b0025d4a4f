"""The directory that options are read for: the current one, or that of ``--chdir``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from hendrix.cli.given import Level
from hendrix.cli.load import Sourced, load
from hendrix.core.errors import UsageError

Load = Callable[[Level, Mapping[str, str], Path], Sourced]


def go_there(flags: Level, environ: Mapping[str, str], home: Path, load: Load = load) -> tuple[Sourced, Path]:
    """What is said at ``home``; where that says ``chdir``, the process goes there and what is said there counts.

    Returns the options and the directory. Raises ``UsageError``.
    """
    sourced = load(flags, environ, home)
    if not sourced.config.chdir:
        return sourced, home
    place = home / Path(sourced.config.chdir).expanduser()
    try:
        os.chdir(place)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{sourced.sources['chdir']}: cannot go to {place}: {reason}") from None
    return load(flags, environ, place), place
