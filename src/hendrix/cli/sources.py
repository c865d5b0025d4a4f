"""Where options come from besides the command line: environment, file, Django settings. Each becomes a ``Level``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hendrix.cli.cache_table import cache_table
from hendrix.cli.given import Given, Level, read
from hendrix.cli.nearest import advice
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError

FILE = "hendrix.toml"

#: Tables of the file that are for other actions.
_TABLES = ("service",)

#: Variables that other tools agreed on. ``HX_*`` wins over them; blank they say nothing.
ALIASES = {
    "DJANGO_SETTINGS_MODULE": "settings",
    "WEB_CONCURRENCY": "workers",
    "FORWARDED_ALLOW_IPS": "forwarded_allow_ips",
}

#: These find the project, so the project's own settings come too late for them.
BEFORE_DJANGO = frozenset(("settings", "pythonpath", "wsgi", "script"))

#: These say in what kind of process the project is loaded.
BEFORE_LOADING = frozenset(("chdir", "dev", "reload", "daemonize", "preload", "user", "group", "umask"))

_VARIABLES = {option.environ: name for name, option in OPTIONS.items()}
_OLD_SETTINGS = {setting: name for name, option in OPTIONS.items() for setting in option.old_settings}


# --- environment ------------------------------------------------------------------------------------------


def environment(environ: Mapping[str, str]) -> Level:
    """``HX_<NAME>`` for every option, the aliases, and ``PORT``."""
    _refuse_unknown_variables(environ)
    level = _port(environ)
    for variable, name in ALIASES.items():
        if environ.get(variable, "").strip():
            level[name] = read(name, environ[variable].strip(), f"environment variable {variable}")
    own = {variable: name for variable, name in _VARIABLES.items() if _says_something(name, environ.get(variable))}
    if not own.keys().isdisjoint(("HX_BIND", "HX_HTTP_PORT")):
        level.pop("bind", None)
    level.update({name: _variable(variable, name, environ[variable]) for variable, name in own.items()})
    return level


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    for variable in environ:
        if variable.startswith("HX_") and variable not in _VARIABLES:
            hint = advice(variable, _VARIABLES, "hx start --help-all lists the options")
            raise UsageError(f"environment variable {variable} is no option; {hint}")


def _port(environ: Mapping[str, str]) -> dict[str, Given]:
    """Hosts that give ``PORT`` expect a server that they can reach from outside."""
    if not environ.get("PORT", "").strip():
        return {}
    port = read("http_port", environ["PORT"], "environment variable PORT")
    return {"http_port": port, "bind": Given((f"0.0.0.0:{port.value}",), port.source)}


def _says_something(name: str, text: str | None) -> bool:
    """Compose files set variables to nothing. That counts where nothing is a value, and not the default."""
    if text is None or text.strip():
        return text is not None
    try:
        return not OPTIONS[name].repeat and bool(OPTIONS[name].parse("") != OPTIONS[name].default)
    except ValueError:
        return False


def _variable(variable: str, name: str, text: str) -> Given:
    value = [part.strip() for part in text.split(",") if part.strip()] if OPTIONS[name].repeat else text
    return read(name, value, f"environment variable {variable}")


# --- file -------------------------------------------------------------------------------------------------


def file(directory: Path) -> Level:
    """``hendrix.toml`` in ``directory``, if it is there."""
    path = directory / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not text in UTF-8"
        raise UsageError(f"{FILE} cannot be read: {reason}; correct or remove it") from None
    level: dict[str, Given] = {}
    for key, value in _toml(text).items():
        if key in _TABLES:
            continue
        line = f"{FILE} line {_line_of(key, text)}"
        if key == "cache" and isinstance(value, dict):
            level.update(cache_table(value, text))
            continue
        name = _option_name(key, f"{line}: {key}")
        if isinstance(value, dict):
            raise UsageError(f"{line}: {key} is a table; write {name} = ... above all tables")
        if name in level:
            raise UsageError(f"{line}: {key} is given twice; remove one")
        level[name] = read(name, value, f"{line}, {key}")
    return level


def _toml(text: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - most projects have no file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{FILE}: {error}; correct it") from None


def _line_of(key: str, text: str) -> int:
    found = re.search(rf"""^[ \t]*\[*[ \t]*["']?{re.escape(key)}["']?[ \t]*[].=]""", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _option_name(key: str, place: str) -> str:
    name = key.replace("-", "_")
    if name not in OPTIONS:
        hint = advice(name.lower(), (*OPTIONS, *_TABLES), "hx start --help-all lists the options")
        raise UsageError(f"{place} is no option; {hint}")
    return name


# --- a script ---------------------------------------------------------------------------------------------


def script(options: Mapping[str, Any], path: str) -> Level:
    """What the script at ``path`` gives to ``HendrixDeploy``."""
    return {name: read(name, value, f"{path}, options[{name!r}]") for name, value in options.items()}


# --- Django settings --------------------------------------------------------------------------------------


def django(options: Mapping[str, Any]) -> Level:
    """The ``HENDRIX`` dict and the old names, as ``set_by_django`` reports them. ``None`` says nothing."""
    level = {
        name: read(name, options[setting], f"setting {setting}")
        for setting, name in _OLD_SETTINGS.items()
        if options.get(setting) is not None
    }
    own = options.get("HENDRIX")
    if not isinstance(own, dict | None):
        raise UsageError(f'setting HENDRIX is {own!r}; make it a dict such as {{"threads": 8}}')
    for key, value in (own or {}).items():
        source = f'setting HENDRIX["{key}"]'
        name = _option_name(key, source)
        if name in BEFORE_DJANGO:
            raise UsageError(f"{source} comes too late to find the project; give {OPTIONS[name].flag}")
        if name in BEFORE_LOADING:
            raise UsageError(f"{source} comes too late; give {OPTIONS[name].flag}, or {name} in {FILE}")
        if value is not None:
            level[name] = read(name, value, source)
    return level
