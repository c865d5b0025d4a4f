"""A project that is launched by a script of its own: ``HendrixDeploy(action, options).run()``.

Each template executes the script again, as ``__main__``. ``run`` does not start another server then: it says what to
serve (``register``), and the script ends there.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from hendrix.core.control import SCRIPT
from hendrix.core.errors import ProjectError
from hendrix.core.record import record
from hendrix.worker.fault import projects_fault

Hook = Callable[[Any], None]


@record(frozen=True)
class Registration:
    """What the script gives. ``options`` are those that have a text; the rest are things of its own.

    ``hook`` adds services to the collection of each worker, ``hook_once`` those of one worker at a time.
    """

    options: dict[str, Any]
    wsgi: Callable[..., Any] | None = None
    asgi: Callable[..., Any] | None = None
    services: tuple[Any, ...] = ()
    resources: tuple[Any, ...] = ()
    hook: Hook | None = None
    hook_once: Hook | None = None


class _Registered(BaseException):
    """Ends the script: nothing that it does after ``run`` is meant for now."""


@dataclass(slots=True)
class _Stage:
    executing: bool = False
    registration: Registration | None = None


_stage = _Stage()


def executing() -> bool:
    """Is the script run to find out what to serve?"""
    return _stage.executing


def register(registration: Registration) -> NoReturn:
    """From ``run``: this is what to serve."""
    _stage.registration = registration
    raise _Registered


def registered() -> Registration | None:
    """What the script of this process gave; None: there is no script."""
    return _stage.registration


def execute(script: str) -> Registration:
    """Run the script, a file or a module. Raises ``ProjectError``."""
    _stage.executing = True
    _stage.registration = None
    try:
        with projects_fault(f"{script} fails"):
            _until_registered(script)
    finally:
        _stage.executing = False
    found = registered()
    if found is None:
        raise ProjectError(f"{script} ended without HendrixDeploy(...).run(), so there is nothing to serve")
    return found


def _until_registered(script: str) -> None:
    try:
        _run(script)
    except _Registered:
        pass


def _run(script: str) -> None:
    module = types.ModuleType("__main__")
    if script.endswith(".py") or os.sep in script:
        path = os.path.abspath(script)
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec")
        module.__file__ = path
        module.__cached__ = None  # type: ignore[attr-defined]
    else:
        path, code = _of_module(script, module)
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    sys.modules["__main__"] = module
    sys.argv = [path, *_arguments()]
    exec(code, module.__dict__)  # noqa: S102 - the user's own script


def _of_module(name: str, module: types.ModuleType) -> tuple[str, types.CodeType]:
    """As ``python -m``."""
    spec = importlib.util.find_spec(name)
    code = spec.loader.get_code(name) if spec and hasattr(spec.loader, "get_code") else None  # type: ignore[union-attr]
    if spec is None or code is None or spec.origin is None:
        raise ModuleNotFoundError(f"no module {name} with code in it")
    module.__spec__, module.__file__, module.__package__ = spec, spec.origin, spec.parent
    return spec.origin, code


def _arguments() -> list[str]:
    # Not for other servers that the project may start.
    known = json.loads(os.environ.pop(SCRIPT, "{}"))
    return [str(word) for word in known.get("arguments", [])]
