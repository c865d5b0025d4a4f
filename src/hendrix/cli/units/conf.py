"""A service's configuration: ``hendrix.conf`` (YAML, the keys of the old project) or ``hendrix.toml``.

Everything is checked before anything is touched: what is wrong is said with its line.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hendrix.cli import sources
from hendrix.cli.given import Given, read
from hendrix.cli.load import WITH_DOMAIN
from hendrix.cli.nearest import advice
from hendrix.cli.units.owner import owner_of
from hendrix.cli.units.service import Service
from hendrix.core import values
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError

if TYPE_CHECKING:
    import yaml

_FILES = (sources.FILE, "hendrix.conf")
#: Keys of the old file that have another name today.
_RENAMED = {"processes": "workers", "cacert": "cert"}
#: What is said of the service and not of the server.
_OF_SERVICE = ("virtualenv", "project_path", "user", "group", "environment", "writable", "memory", "name")
_REQUIRED = ("virtualenv", "project_path")
#: A service has its own way of these.
_SYSTEMS = {
    "daemonize": "the service manager does that",
    "pid": "the service manager knows the process",
    "dev": "it is for the machine of a developer",
    "reload": "hx reload, or systemctl reload, does that when you say so",
    "chdir": "project_path says it",
}
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,40}")
#: As useradd(8) has it.
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def default_file() -> str:
    """The one of this directory. Raises ``UsageError``."""
    for name in _FILES:
        if os.path.exists(name):
            return name
    raise UsageError(f"there is no {' or '.join(_FILES)} in this directory; name the file")


def read_conf(path: str, *, elsewhere: bool = False) -> Service:
    """The service that the file ``path`` describes; of another machine than this one where it is to be ``elsewhere``:
    then directories and users are not looked for here. Raises ``UsageError``."""
    try:
        file = Path(path).resolve()
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; give a hendrix.conf or hendrix.toml") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text in UTF-8; give a hendrix.conf or hendrix.toml") from None
    except RuntimeError:  # of Python 3.11 and 3.12
        raise UsageError(f"{path} is a link that leads to itself; give a hendrix.conf or hendrix.toml") from None
    return _toml(file, text, elsewhere) if file.suffix == ".toml" else _yaml(file, text, elsewhere)


# --- YAML --------------------------------------------------------------------------------------------------------


def _yaml(file: Path, text: str, elsewhere: bool) -> Service:
    said: dict[str, tuple[Any, str]] = {}
    for key, value, line in _yaml_pairs(file, text):
        place = f"{file.name} line {line}"
        name = _RENAMED.get(key, key).replace("-", "_")
        if name not in OPTIONS and name not in _OF_SERVICE:
            known = [*_REQUIRED, *_OF_SERVICE, *_RENAMED, *OPTIONS]
            raise UsageError(
                f"{place}: {key} is no key; {advice(key, known, 'hx start --help-all lists the options')}"
            )
        if name in said:
            raise UsageError(f"{place}: {key} is given twice; remove one")
        said[name] = (value, f"{place}, {key}")
    for name in _REQUIRED:
        if not (elsewhere or said.get(name, ("", ""))[0]):
            raise UsageError(f"{file.name}: {name} is missing; add a line {name}: {_example(name)}")
    options = {name: said[name] for name in said if name in OPTIONS and name not in ("user", "group")}
    return _service(file, said, options, {}, elsewhere)


def _yaml_pairs(file: Path, text: str) -> Iterator[tuple[str, Any, int]]:
    import yaml  # noqa: PLC0415 - only this file format needs it

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return
        if not isinstance(root, yaml.MappingNode):
            raise UsageError(f"{file.name}: it has no keys; write lines such as http_port: 8000")
        for key, value in root.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise UsageError(f"{file.name} line {line}: a key is one word; write lines such as http_port: 8000")
            loader = _as_written() if key.value == "environment" else yaml.SafeLoader
            try:
                found = loader("").construct_document(value)
            except ValueError as error:  # 2026-99-99 looks like a date
                raise UsageError(f"{file.name} line {line}, {key.value}: {error}; put it into quotes") from None
            yield key.value, found, line
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark is not None else ""
        raise UsageError(f"{file.name}{place}: {getattr(error, 'problem', None) or error}; correct it") from None


@functools.cache
def _as_written() -> type[yaml.SafeLoader]:
    """Variables are text: 010 is no eight, 1.10 no 1.1, off no False, and nothing is not the word None."""
    import yaml  # noqa: PLC0415

    class AsWritten(yaml.SafeLoader):
        """All is text in it."""

    for kind in ("null", "bool", "int", "float", "timestamp"):
        AsWritten.add_constructor(f"tag:yaml.org,2002:{kind}", AsWritten.construct_scalar)  # type: ignore[type-var]
    return AsWritten


def _example(name: str) -> str:
    return "/srv/shop/venv" if name == "virtualenv" else "/srv/shop"


# --- TOML --------------------------------------------------------------------------------------------------------


def _toml(file: Path, text: str, elsewhere: bool) -> Service:
    """``hx`` reads the options itself, from the directory that it starts in; only the table ``service`` is for us."""
    if file.name != sources.FILE:
        raise UsageError(f"{file.name} would not be found by hx start; call it {sources.FILE}, beside manage.py")
    level = sources.file(file.parent)
    table = tomllib.loads(text, parse_float=str).get("service", {})  # 3.10 is no 3.1
    if not isinstance(table, dict):
        raise UsageError(f"{file.name}: service is no table; write [service] and its keys below it")
    said = {name.replace("-", "_"): (value, f"{file.name} [service] {name}") for name, value in table.items()}
    for name, (_value, place) in said.items():
        if name not in _OF_SERVICE:
            raise UsageError(f"{place} is no key; {advice(name, _OF_SERVICE, 'see hx service --help')}")
    if not elsewhere:
        said.setdefault("virtualenv", (sys.prefix, "this Python"))
        said.setdefault("project_path", (str(file.parent), "its directory"))
    return _service(file, said, {}, level, elsewhere)


# --- both --------------------------------------------------------------------------------------------------------


def _service(
    file: Path,
    said: Mapping[str, tuple[Any, str]],
    options: Mapping[str, tuple[Any, str]],
    level: Mapping[str, Given],
    elsewhere: bool,
) -> Service:
    given = {name: read(name, value, place) for name, (value, place) in options.items()}
    everything = {**level, **given}
    for name, reason in _SYSTEMS.items():
        if name in everything and everything[name].value:
            raise UsageError(f"{everything[name].source}: not for a service: {reason}; remove it")
    _both("key", "cert", everything)
    called = _name(file, said)
    virtualenv, project_path, user, group = _there(said, called) if elsewhere else _here(said, file.parent)
    writable = _writable(said)
    for missing in (path for path in writable if not elsewhere and not os.path.isdir(path)):
        make = f"install -d -o {user} -g {group} {shlex.quote(missing)}"
        raise UsageError(f"{said['writable'][1]}: {missing} is no directory; make it: {make}")
    return Service(
        name=called,
        source=str(file),
        virtualenv=virtualenv,
        project_path=project_path,
        user=user,
        group=group,
        options={name: found.value for name, found in given.items()},
        environment=_environment(said),
        writable=writable,
        memory=_memory(said),
        http_port=_first(everything, "bind", "http_port"),
        https_port=_first(everything, "https_bind", "https_port") if _has_https(everything) else 0,
        more_ports=_more_ports(everything),
        binds=bool(_bound(everything, "bind")),
        digest=_digest(level),
    )


def _digest(level: Mapping[str, Given]) -> str:
    """Of options that are no secrets: it is written where everybody reads it."""
    said = sorted((name, str(found.value)) for name, found in level.items() if not OPTIONS[name].secret)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16] if level else ""


def _here(said: Mapping[str, tuple[Any, str]], folder: Path) -> tuple[str, str, str, str]:
    """Virtual environment, project, user and group, all of which this machine has. ``folder`` is the file's."""
    virtualenv, project_path = (_directory(said, name, folder) for name in _REQUIRED)
    if not os.access(f"{virtualenv}/bin/hx", os.X_OK):
        raise UsageError(f"{said['virtualenv'][1]}: {virtualenv}/bin/hx is not there; pip install hendrix into it")
    return virtualenv, project_path, *owner_of(*_text(said, "user"), *_text(said, "group"), project_path)


def _there(said: Mapping[str, tuple[Any, str]], name: str) -> tuple[str, str, str, str]:
    """The same of another machine, which need not have any of them yet."""
    virtualenv = _absolute(said, "virtualenv", f"/srv/{name}/venv")
    project_path = _absolute(said, "project_path", f"/srv/{name}/project")
    user = _account(said, "user", name)
    return virtualenv, project_path, user, _account(said, "group", user)


def _absolute(said: Mapping[str, tuple[Any, str]], name: str, default: str) -> str:
    value, place = _text(said, name)
    if value and not (re.fullmatch(r"/[^\x00-\x1f\x7f]*", value) and os.path.normpath(value) != "/"):
        raise UsageError(f"{place}: {value!r} is no absolute path; write it from / on, as on the machine to be")
    return os.path.normpath(value or default)


def _account(said: Mapping[str, tuple[Any, str]], name: str, default: str) -> str:
    value, place = _text(said, name)
    if value and not _ACCOUNT.fullmatch(value):
        raise UsageError(f"{place}: {value!r} is no name of a {name}; use small letters, digits, - and _")
    return value or default.replace(".", "-")


def _both(one: str, other: str, given: Mapping[str, Given]) -> None:
    for here, missing in ((one, other), (other, one)):
        if here in given and given[here].value and missing in OPTIONS and missing not in given:
            raise UsageError(f"{given[here].source}: {here} needs {missing} beside it; add it")


def _has_https(given: Mapping[str, Given]) -> bool:
    """By a certificate of its own, or by one that comes by itself."""
    return any(name in given and given[name].value for name in ("key", "domain", "auto_https"))


def _port(given: Mapping[str, Given], name: str) -> int:
    by_itself = any(wish in given and given[wish].value for wish in ("domain", "auto_https"))
    default = WITH_DOMAIN[name] if by_itself else OPTIONS[name].default
    return int(given[name].value) if name in given else int(default)


def _bound(given: Mapping[str, Given], name: str) -> list[str]:
    return list(given[name].value) if name in given else []


def _ports(addresses: Iterable[str]) -> list[int]:
    return [int(each.rpartition(":")[2]) for each in addresses if not each.startswith(("unix:", "fd:"))]


def _first(given: Mapping[str, Given], bind: str, port: str) -> int:
    """Addresses that are written out count, and not the port beside them."""
    return next(iter(_ports(_bound(given, bind))), _port(given, port))


def _more_ports(given: Mapping[str, Given]) -> tuple[int, ...]:
    """Whatever else it opens itself."""
    bound = (_ports(_bound(given, name))[1:] for name in ("bind", "https_bind"))
    admin = [given["admin"].value] if "admin" in given and ":" in given["admin"].value else []
    cache = [int(given["cache_port"].value)] if "cache_port" in given else []
    return (*(port for ports in bound for port in ports), *_ports(admin), *cache)


def _text(said: Mapping[str, tuple[Any, str]], name: str) -> tuple[str, str]:
    value, place = said.get(name, ("", name))
    if not isinstance(value, str):
        raise UsageError(f"{place}: {value!r} is not text; put it into quotes")
    return value, place


def _directory(said: Mapping[str, tuple[Any, str]], name: str, folder: Path) -> str:
    value, place = _text(said, name)
    path = os.path.abspath(folder / os.path.expanduser(value))
    if not os.path.isdir(path):
        raise UsageError(f"{place}: {path} is no directory; correct it")
    return path


def _name(file: Path, said: Mapping[str, tuple[Any, str]]) -> str:
    """One service for each file name; ``hendrix.toml`` is called so everywhere, so there it is the directory's."""
    value, place = _text(said, "name")
    name = value or (file.parent.name if file.name == sources.FILE else file.stem)
    if not _NAME.fullmatch(name):
        place = place if value else f"the name of {file}"
        raise UsageError(f"{place}: {name!r} is no name of a service; use small letters, digits and -, as in shop")
    return name


def _environment(said: Mapping[str, tuple[Any, str]]) -> dict[str, str]:
    value, place = said.get("environment", ({}, ""))
    value = {} if value in (None, "") else value
    if not isinstance(value, dict):
        raise UsageError(f"{place}: {value!r} has no names and values; write NAME: value below it")
    for name, text in value.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
            raise UsageError(f"{place}: {name!r} is no name of a variable; use letters, digits and _")
        if isinstance(text, dict | list):
            raise UsageError(f"{place}: the value of {name} is no text; put it into quotes")
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", str(text)):
            raise UsageError(
                f"{place}: the value of {name} holds a line break or another control character; leave it out"
            )
    # Of TOML: no word of Python's.
    written = {name: str(text).lower() if isinstance(text, bool) else str(text) for name, text in value.items()}
    return {str(name): text for name, text in written.items()}


def _writable(said: Mapping[str, tuple[Any, str]]) -> tuple[str, ...]:
    value, place = said.get("writable", ([], ""))
    paths = value if isinstance(value, list) else [value]
    for path in paths:
        if not isinstance(path, str) or not os.path.isabs(path):
            raise UsageError(f"{place}: {path!r} is no absolute path; write it from / on")
    return tuple(paths)


def _memory(said: Mapping[str, tuple[Any, str]]) -> int:
    value, place = said.get("memory", ("0", ""))
    try:
        return int(values.size(str(value)))
    except ValueError as reason:
        raise UsageError(f"{place}: {value!r} {reason}") from None
