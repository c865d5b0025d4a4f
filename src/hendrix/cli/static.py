"""``hx static compress``: compressed siblings of all static files, before anybody asks for them."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from hendrix.cli.actions import Switches
from hendrix.cli.load import Sourced
from hendrix.cli.options import ProjectOptions
from hendrix.cli.quantity import duration, size
from hendrix.cli.start import import_from
from hendrix.cli.voice import Voice
from hendrix.core.config import Config
from hendrix.core.errors import UsageError
from hendrix.supervisor.cpus import usable_cpus
from hendrix.supervisor.origin import Origin

#: Seconds between two lines of progress.
_PACE = 1.0


def static(sourced: Sourced, switches: Switches) -> int:
    """Returns 0, or 1 where some could not be made. Raises ``UsageError`` and ``ProjectError``."""
    # Only here are Django and the compressors imported: this process serves nothing.
    from hendrix.answer.files.squeezing import Squeezing  # noqa: PLC0415

    config = ProjectOptions(sourced, Origin.now()).known()
    root = _root(config)
    voice = Voice(config)
    began = shown = time.monotonic()
    squeezing = Squeezing(root)
    for done in squeezing.run(usable_cpus()):
        if time.monotonic() - shown >= _PACE:
            shown = time.monotonic()
            voice.progress(f"compressed {done} of {squeezing.due} files")
    seconds = time.monotonic() - began
    if "json" in switches:
        sys.stdout.write(json.dumps({"root": str(root), "seconds": seconds, **squeezing.told()}, indent=2) + "\n")
    else:
        voice.outcome(_summary(root, seconds, squeezing.told()))
        for path, reason in squeezing.failed.items():
            voice.notice(f"{path}: {reason}")
    return 1 if squeezing.failed else 0


def _root(config: Config) -> Path:
    from hendrix.worker import project  # noqa: PLC0415

    import_from(config.pythonpath)
    loaded = project.load_settings(config)
    if not loaded.settings:
        raise UsageError("no settings, so no STATIC_ROOT; go to the project's directory, or give --settings")
    from django.conf import settings  # noqa: PLC0415

    if not settings.STATIC_ROOT:
        raise UsageError(f"STATIC_ROOT is not set in {loaded.settings}; collectstatic needs it too")
    root = Path(settings.STATIC_ROOT).absolute()
    if not root.is_dir():
        raise UsageError(f"STATIC_ROOT {root} is not there; run manage.py collectstatic first")
    return root


def _summary(root: Path, seconds: float, told: dict[str, object]) -> str:
    made, current, gone = told["made"], told["current"], told["removed"]
    if not made:
        return f"{root}: nothing to do, {current} compressed siblings are current" + (
            f", {gone} removed" if gone else ""
        )
    before, after = size(int(str(told["bytes_before"]))), size(int(str(told["bytes_after"])))
    more = f"; {current} were current" if current else ""
    more += f"; {gone} removed" if gone else ""
    return f"{root}: {made} compressed siblings made in {duration(seconds)}, {after} of {before}{more}"
