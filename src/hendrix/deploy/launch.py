"""A script becomes ``hx``: the process is executed anew, so that the parent process has nothing of the project in it.

It keeps its pid, its environment and its directory. What launched it is remembered, so that ``hx restart`` runs the
script again, with what it says then.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from hendrix.cli.actions import ACTIONS
from hendrix.cli.main import main
from hendrix.core.config import OPTIONS
from hendrix.core.control import SCRIPT
from hendrix.core.errors import UsageError
from hendrix.worker import bytecode

#: Seconds that a script may take until it calls ``run``, as far as its own bytecode is concerned.
_LONGEST = 60.0


def run(action: str, options: Mapping[str, Any]) -> None:
    """Do it. Raises ``SystemExit`` where it fails."""
    if action == "start":
        _become_hx(options)
    takes = ACTIONS[action].takes
    known = {name: value for name, value in options.items() if name in takes}
    os.environ.update(variables(known))
    if status := main([action, *flags(known), *_which(known, takes)]):
        raise SystemExit(status)


def plain(options: Mapping[str, Any], *lists: Sequence[Any]) -> dict[str, Any]:
    """Those of the options that have a text, with what ``lists`` (services, resources) name."""
    said = {name: value for name, value in options.items() if not callable(value)}
    for name, entries in zip(("services", "resources"), lists, strict=True):
        if named := [path for entry in entries if (path := _named(entry))]:
            said[name] = named
    return said


def things(entries: Iterable[Any]) -> list[Any]:
    """What has no text."""
    return [entry for entry in entries if not _named(entry)]


def _named(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    pair = isinstance(entry, tuple | list) and len(entry) == 2 and all(isinstance(part, str) for part in entry)
    return f"{entry[0]}={entry[1]}" if pair else ""


def flags(options: Mapping[str, Any]) -> Iterator[str]:
    """The options as one would write them, but for secrets: everybody on the machine may read a command line."""
    for name, value in options.items():
        option = OPTIONS[name]
        if option.hides(value):
            continue
        if option.switch:
            yield option.flag if value else "--no-" + option.flag.removeprefix("--")
        elif option.repeat:
            yield from (f"{option.flag}={item}" for item in value)
        else:
            yield f"{option.flag}={option.spelled(value)}"


def variables(options: Mapping[str, Any]) -> dict[str, str]:
    """The secrets among the options, by the variables of the environment that are read for them."""
    return {OPTIONS[name].environ: str(value) for name, value in options.items() if OPTIONS[name].hides(value)}


def _which(options: Mapping[str, Any], takes: Iterable[str]) -> list[str]:
    """Without settings the server bears the script's name."""
    named = any(options.get(name) for name in ("settings", "wsgi", "pid"))
    return [] if named or "script" not in takes else [f"--script={_script()[0]}"]


# --- start ---------------------------------------------------------------------------------------------------


def _become_hx(options: Mapping[str, Any]) -> NoReturn:
    script, again = _script()
    python = [sys.executable, *subprocess._args_from_interpreter_flags()]  # type: ignore[attr-defined]
    secrets = variables(options)
    launched = {"arguments": sys.argv[1:], "words": [*python, *again, *sys.argv[1:]], "variables": list(secrets)}
    # What it said before a restart may not be what it says now.
    before = json.loads(os.environ.get(SCRIPT, "{}")).get("variables", [])
    environ = {name: value for name, value in os.environ.items() if name not in before}
    words = [*python, "-m", "hendrix", "start", f"--script={script}", *flags(options), *_pythonpath(options)]
    bytecode.forget_young(time.time() - _LONGEST)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, words, {**environ, **secrets, SCRIPT: json.dumps(launched)})  # noqa: S606


def _script() -> tuple[str, list[str]]:
    """What is executed, and by which words: the file or module that this process began with."""
    started = sys.modules["__main__"]
    spec = getattr(started, "__spec__", None)
    if spec is not None and spec.origin:
        name = spec.name.removesuffix(".__main__") if spec.name.endswith(".__main__") else spec.name
        return spec.name, ["-m", name]
    file = getattr(started, "__file__", None)
    if not file or not os.path.isfile(file):
        raise UsageError("HendrixDeploy.run() needs a script to execute in each worker; put it into a file")
    path = os.path.abspath(file)
    return path, [path]


def _pythonpath(options: Mapping[str, Any]) -> list[str]:
    """Where the script imports from: its directory, and that of ``python -m``."""
    if options.get("pythonpath"):
        return []
    first = sys.path[0] if sys.path else ""
    return [f"--pythonpath={first or os.getcwd()}"] if os.path.isdir(first or ".") else []
