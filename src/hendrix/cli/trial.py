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
from dataclasses import asdict, field
from typing import TYPE_CHECKING, Any

from hendrix.cli.doctor import inside
from hendrix.cli.doctor.outcome import PATIENCE, Outcome
from hendrix.cli.start import import_from
from hendrix.core.config import Config
from hendrix.core.control import SettingsLoaded
from hendrix.core.errors import ProjectError, UsageError
from hendrix.core.record import record
from hendrix.core.values import duration_text
from hendrix.supervisor import identity, process

if TYPE_CHECKING:
    from hendrix.worker.served import Served

_CHUNK = 1 << 16
_END = b'{"end": true}\n'
#: Said before the probes, which have time of their own.
_PROBES = b'{"probes": '


@record(frozen=True)
class Verdict:
    """What became of it. ``settings`` is ``None`` where they do not import; ``interface`` says how a Django project is
    called, and why; ``resources`` is what is mounted beside it, name by path; ``files`` where the files of a path are
    from; ``outcomes`` what the probes of the project told."""

    settings: SettingsLoaded | None
    failure: ProjectError | None
    seconds: float
    interface: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)


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
    data, probing = b"", False
    while not data.endswith(_END):
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([fd], [], [], left)[0]:
            if probing:
                break  # it has loaded, and what is missing is told
            return None
        part = os.read(fd, _CHUNK)
        if not part:
            break
        data += part
        if not probing and _PROBES in data:
            probing, deadline = True, time.monotonic() + 6 * PATIENCE
    return [json.loads(line) for line in data.splitlines() if line.endswith(b"}")]


def _verdict(said: list[dict[str, Any]] | None, ended: int, seconds: float, config: Config) -> Verdict:
    if said is None:
        limit = duration_text(config.start_timeout)
        late = ProjectError(f"the project does not load within {limit}; --start-timeout gives it more")
        return Verdict(None, late, seconds)
    facts: dict[str, Any] = {}
    for line in said:
        facts.update(line)
    settings = SettingsLoaded(**facts["settings"]) if "settings" in facts else None
    failure = ProjectError(*facts["failure"]) if "failure" in facts else None
    if not failure and "end" not in facts and "probes" not in facts:
        failure = ProjectError(f"the process that loads the project died: {process.describe(ended)}")
    interface, resources, files = (facts.get(name, {}) for name in ("interface", "resources", "files"))
    outcomes = {name: inside.understood(name, facts.get(f"probe.{name}")) for name in facts.get("probes", ())}
    return Verdict(settings, failure, facts.get("seconds", seconds), interface, resources, files, outcomes)


# --- in the child -----------------------------------------------------------------------------------------


def _be_child(config: Config, settle: Settle, writer: int, parent: int) -> None:
    """Does not return."""
    try:
        os.dup2(2, 1)  # what the project prints is no part of our result
        if owner := identity.find(config.user, config.group):
            identity.become(owner)
            if reason := identity.barred(owner):
                _say(writer, failure=(reason, ""))
                return
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
    began = time.monotonic()
    served = None
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
    except ProjectError as error:
        served = None
        _say(writer, failure=(str(error), error.traceback))
    threads = inside.other_threads()
    if served is not None:
        _say(writer, seconds=time.monotonic() - began)
        _examine(writer, inside.probes(served, threads))


def _examine(writer: int, probes: inside.Probes) -> None:
    _say(writer, probes=list(probes))
    for name, probe in probes.items():
        _say(writer, **{f"probe.{name}": inside.told(probe)})


def _tell_interface(writer: int, served: Served) -> None:
    if served.interface is not None:
        _say(writer, interface=asdict(served.interface))


def _tell_resources(writer: int, served: Served) -> None:
    if served.mounts is not None:
        _say(writer, resources={mount.path: mount.name for mount in served.mounts.all})


def _say(fd: int, **facts: object) -> None:
    data = json.dumps(facts).encode() + b"\n"
    while data:
        data = data[os.write(fd, data) :]
