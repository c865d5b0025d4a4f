"""The project loaded on trial, in a process of its own that serves nothing and ends afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hendrix.cli.doctor import looks
from hendrix.cli.start import import_from
from hendrix.core.config import Config
from hendrix.core.control import SettingsLoaded
from hendrix.core.errors import ProjectError, UsageError
from hendrix.core.values import duration_text
from hendrix.supervisor import identity, process

if TYPE_CHECKING:
    from hendrix.worker.served import Served

_CHUNK = 1 << 16
_LOOKING = b'{"looking": true}\n'


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of it. ``settings`` is ``None`` where they do not import; ``warnings`` are those of Django's checks
    and what takes threads needlessly, a line each; ``interface`` says how a Django project is called, and why;
    ``resources`` is what is mounted beside it, name by path; ``files`` where the files of a path are from;
    ``looked`` what was asked for of ``doctor.looks``."""

    settings: SettingsLoaded | None
    failure: ProjectError | None
    warnings: tuple[str, ...]
    seconds: float
    interface: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    looked: dict[str, Any] = field(default_factory=dict)


Settle = Callable[[SettingsLoaded], Config]
"""The final options, with what the settings say. ``UsageError``."""


def put_on_trial(config: Config, settle: Settle | None = None) -> Verdict:
    """Load the project as a start would, as the user that it would run as."""
    began = time.monotonic()
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent, child = os.getpid(), os.fork()
    if child == 0:
        os.close(reader)
        _be_child(config, settle or (lambda _loaded: config), writer, parent)
    os.close(writer)
    try:
        said = _read(reader, config.start_timeout)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)  # whatever threads it has; all is said
        ended = os.waitpid(child, 0)[1]
    return _verdict(said, ended, time.monotonic() - began, config)


# --- in the parent ----------------------------------------------------------------------------------------


def _read(fd: int, patience: float) -> list[dict[str, Any]] | None:
    """The lines that the child says; ``None`` where it takes too long."""
    deadline = time.monotonic() + patience if patience else None
    data = b""
    while not data.endswith(b'{"end": true}\n'):
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([fd], [], [], left)[0]:
            return None
        part = os.read(fd, _CHUNK)
        if not part:
            break
        data += part
        if deadline is not None and data.endswith(_LOOKING):  # it has loaded; looks have limits of their own
            deadline = time.monotonic() + looks.PATIENCE * (len(looks.LOOKS) + 1)
    return [json.loads(line) for line in data.splitlines() if line.endswith(b"}")]


def _verdict(said: list[dict[str, Any]] | None, ended: int, seconds: float, config: Config) -> Verdict:
    if said is None:
        limit = duration_text(config.start_timeout)
        late = ProjectError(f"the project does not load within {limit}; --start-timeout gives it more")
        return Verdict(None, late, (), seconds)
    facts: dict[str, Any] = {}
    for line in said:
        facts.update(line)
    settings = SettingsLoaded(**facts["settings"]) if "settings" in facts else None
    failure = ProjectError(*facts["failure"]) if "failure" in facts else None
    if not failure and "end" not in facts:
        failure = ProjectError(f"the process that loads the project died: {process.describe(ended)}")
    warnings = (*facts.get("warnings", ()), *facts.get("remarks", ()), *facts.get("overridden", ()))
    told = (facts.get(name, {}) for name in ("interface", "resources", "files", "looked"))
    return Verdict(settings, failure, warnings, seconds, *told)


# --- in the child -----------------------------------------------------------------------------------------


def _be_child(config: Config, settle: Settle, writer: int, parent: int) -> None:
    """Does not return."""
    try:
        os.dup2(2, 1)  # what the project prints is no part of our result
        if owner := identity.find(config.user, config.group):
            identity.become(owner)
        process.die_with(parent)
        import_from(config.pythonpath)
        _load(config, settle, writer)
    except BaseException as error:  # ours, as ProjectError is the project's
        _say(writer, failure=(f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))))
    finally:
        with contextlib.suppress(OSError):  # the parent has gone
            _say(writer, end=True)
        os._exit(0)


def _load(config: Config, settle: Settle, writer: int) -> None:
    # Only here, never in the parent, are Django and Twisted imported.
    from hendrix.worker import project, reactor  # noqa: PLC0415

    reactor.install()
    failed = True
    try:
        loaded = project.load_settings(config)
        _say(writer, settings=asdict(loaded))
        served = project.load_application(config)
        _tell_interface(writer, served)
        _tell_resources(writer, served)
        _say(writer, files={place.shown: place.origin for place in served.places})
        with contextlib.suppress(UsageError):  # the parent finds it too, and says it
            config = settle(loaded)
        for wanted in project.add_services(served, config).services:
            wanted.make()
        failed = False
    except ProjectError as error:
        _say(writer, failure=(str(error), error.traceback))
    with contextlib.suppress(Exception):  # it did not load, so Django cannot judge it
        _say(writer, warnings=_warnings())
        if not failed:
            _say(writer, looking=True)
            _say(writer, looked=looks.look())


def _tell_interface(writer: int, served: Served) -> None:
    from hendrix.worker.interface import remarks  # noqa: PLC0415

    if served.interface is not None:
        holding = served.django.holding if served.django else []
        _say(writer, interface=asdict(served.interface), remarks=list(remarks(served.interface, holding)))


def _tell_resources(writer: int, served: Served) -> None:
    if served.mounts is not None:
        lost = [
            f"{before.name} is not served: {after.name} is at {after.path}, too"
            for before, after in served.mounts.overridden
        ]
        _say(writer, resources={mount.path: mount.name for mount in served.mounts.all}, overridden=lost)


def _warnings() -> list[str]:
    if "django" not in sys.modules:
        return []
    from django.core import checks  # noqa: PLC0415

    found = [item for item in checks.run_checks() if item.level >= checks.WARNING and not item.is_serious()]
    return [" ".join(str(item).split()) for item in found if not item.is_silenced()]


def _say(fd: int, **facts: object) -> None:
    data = json.dumps(facts).encode() + b"\n"
    while data:
        data = data[os.write(fd, data) :]
