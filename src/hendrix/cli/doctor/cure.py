"""``hx check --fix``: what can be mended with no risk to a site that runs, each thing told.

Nothing that is served, or that holds data, is changed: no migration is run, no setting rewritten, and static files are
collected only where none are.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from hendrix.cli.doctor.finding import Finding
from hendrix.cli.doctor.machine import secrets
from hendrix.cli.doctor.process import TOO_MUCH
from hendrix.core.config import Config
from hendrix.core.errors import HendrixError
from hendrix.supervisor import runtime

#: Seconds that ``collectstatic`` may take.
_PATIENCE = 300.0


def cured(found: Sequence[Finding], config: Config) -> Iterator[str]:
    """Do it, and say what was done, a line each, or why it could not be."""
    for name in dict.fromkeys(each.id for each in found):
        if name in _CURES:
            try:
                yield from _CURES[name](config)
            except (OSError, HendrixError, subprocess.SubprocessError) as error:
                yield f"not fixed: {name}: {error}"


def _modes(config: Config) -> Iterator[str]:
    for each in secrets(config):
        if each.mode & TOO_MUCH:
            kept = _narrowed(os.path.realpath(each.path))
            yield f"fixed: {each.path} has the mode {kept:04o}"


def _narrowed(path: str) -> int:
    """By the file itself: a name may come to mean another one meanwhile."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        kept = stat.S_IMODE(os.fstat(file).st_mode) & ~TOO_MUCH
        os.fchmod(file, kept)
        return kept
    finally:
        os.close(file)


def _runtime(config: Config) -> Iterator[str]:
    path = runtime.directory(os.environ, os.getuid())
    parent = os.path.dirname(path)
    if not os.path.isdir(parent):
        os.makedirs(parent, 0o700)
        yield f"fixed: {parent} is made"
    runtime.make(path, os.getuid())
    yield f"fixed: {path} is there, for its owner alone"


def _collect(config: Config) -> Iterator[str]:
    if os.getuid() == 0 and config.user:
        yield f"not fixed: static.not-collected: the project does not run as root; run collectstatic as {config.user}"
        return
    environ = dict(os.environ)
    ours = [os.path.abspath(config.pythonpath)] if config.pythonpath else []
    environ["PYTHONPATH"] = os.pathsep.join((*ours, os.getcwd(), environ.get("PYTHONPATH", ""))).rstrip(os.pathsep)
    command = [sys.executable, "-m", "django", "collectstatic", "--noinput"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    yield f"{'fixed' if done.returncode == 0 else 'not fixed'}: collectstatic: {said[-1] if said else 'no word'}"


_CURES: dict[str, Callable[[Config], Iterator[str]]] = {
    "key.mode": _modes,
    "runtime.unusable": _runtime,
    "static.not-collected": _collect,
}
