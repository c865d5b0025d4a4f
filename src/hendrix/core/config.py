"""The effective configuration: every option of Hendrix, each declared once in the file of its group (``core.options``)
with name, parser, default, unit, help, flags, and whether a reload takes it.

Flags, environment variables (``HX_<NAME>``), ``hendrix.toml``, Django's ``HENDRIX`` setting and the reference page
are derived from this table. A loaded ``Config`` is frozen.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, cast

from hendrix.core import values
from hendrix.core.option import Option, described
from hendrix.core.options.admin import Admin
from hendrix.core.options.answers import Answers
from hendrix.core.options.beside import Beside
from hendrix.core.options.cache import Cache
from hendrix.core.options.certificates import Certificates
from hendrix.core.options.files import Files
from hendrix.core.options.hub import Hub
from hendrix.core.options.life import Life
from hendrix.core.options.limits import Limits
from hendrix.core.options.listen import Listen
from hendrix.core.options.logs import Logs
from hendrix.core.options.processes import Processes
from hendrix.core.options.project import Project
from hendrix.core.options.tls import Tls
from hendrix.core.options.websockets import Websockets
from hendrix.core.record import record
from hendrix.core.references import described as thing_described

__all__ = ["GROUPS", "HOSTS", "OPTIONS", "Config", "Option", "from_plain", "set_by_django", "to_plain"]


@record(frozen=True)
class Config(
    Project,
    Listen,
    Processes,
    Beside,
    Tls,
    Certificates,
    Answers,
    Cache,
    Life,
    Limits,
    Files,
    Websockets,
    Hub,
    Logs,
    Admin,
):
    """Sizes are bytes, durations seconds."""

    @property
    def subject(self) -> str:
        """What is served, for names and titles; empty where nothing was named."""
        return self.settings or self.wsgi or self.asgi or self.script.rpartition("/")[2].removesuffix(".py")

    @property
    def secure(self) -> bool:
        """Whether HTTPS is spoken."""
        return bool(self.cert or self.key or self.domain)

    @property
    def domains(self) -> list[str]:
        """The names that certificates are to be had for, each once."""
        return list(dict.fromkeys(name for names in self.domain for name in names.split(",")))

    @property
    def redirects_to(self) -> int:
        """The port of HTTPS that plain requests are sent to; 0 where they are answered."""
        if self.https_redirect == "off" or not self.secure:
            return 0
        if self.https_redirect != "on":
            return int(self.https_redirect)
        ports = [place.rpartition(":")[2] for place in self.https_bind if not place.startswith(("unix:", "fd:"))]
        return int(ports[0]) if ports and ports[0] != "0" else self.https_port

    @property
    def measured(self) -> bool:
        """Does anybody want to know which view answers a request?"""
        return self.metrics or self.otel

    @property
    def codings(self) -> list[str]:
        """What answers are compressed with, in order of preference; empty where they are not."""
        return [] if self.compress == "off" else self.compress.split(",")


#: The groups in the order of the help page, and their titles.
GROUPS: dict[str, str] = {
    "project": "What to serve",
    "listen": "Where to listen",
    "processes": "Processes and threads",
    "beside": "Beside the site",
    "tls": "HTTPS",
    "certificates": "Automatic HTTPS",
    "answers": "Answers",
    "cache": "HTTP cache",
    "life": "Life of the server",
    "limits": "Limits and deadlines",
    "files": "Static files and uploads",
    "websockets": "WebSockets",
    "hub": "Messages between processes",
    "logs": "Logs",
    "admin": "Observation",
}

_DECLARED = {
    "project": Project,
    "listen": Listen,
    "processes": Processes,
    "beside": Beside,
    "tls": Tls,
    "certificates": Certificates,
    "answers": Answers,
    "cache": Cache,
    "life": Life,
    "limits": Limits,
    "files": Files,
    "websockets": Websockets,
    "hub": Hub,
    "logs": Logs,
    "admin": Admin,
}

OPTIONS: dict[str, Option] = {
    declared.name: described(group, declared) for group in GROUPS for declared in fields(_DECLARED[group])
}

#: Where settings may hold things, and not only what names them.
_THINGS = {
    place
    for option in OPTIONS.values()
    if option.parse in (values.service, values.resource)
    for place in (*option.old_settings, f"HENDRIX.{option.name}")
}


#: Whose certificates ``auto_https`` gets.
HOSTS = "ALLOWED_HOSTS"


def set_by_django(settings: object) -> dict[str, Any]:
    """What a Django settings object says to Hendrix, under the settings' own names, as JSON can carry it.

    That is the ``HENDRIX`` dict and the old names, for example ``{"HENDRIX": {"threads": 8}, "HTTP_PORT": 9000}``.
    """
    names = [name for option in OPTIONS.values() for name in option.old_settings]
    said = {name: _said(name, getattr(settings, name)) for name in (*names, HOSTS) if hasattr(settings, name)}
    if hasattr(settings, "HENDRIX"):
        own = settings.HENDRIX
        said["HENDRIX"] = _own(own) if isinstance(own, dict) else _jsonable(own)
    return said


def _own(options: dict[Any, Any]) -> dict[str, Any]:
    """The ``HENDRIX`` dict."""
    return {str(name): _said(f"HENDRIX.{name}", value) for name, value in options.items()}


def _said(place: str, value: Any) -> Any:
    """What is at ``place`` in the settings. Things are told by where they are."""
    if value is not None and place in _THINGS:
        return thing_described(value, f"django.conf:settings.{place}")
    return _jsonable(value)


def _jsonable(value: Any) -> Any:
    """Paths and lazy strings become text; everything that JSON knows stays as it is."""
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def to_plain(config: Config) -> dict[str, Any]:
    """The configuration as JSON can carry it."""
    return asdict(config)


def from_plain(plain: dict[str, Any]) -> Config:
    """The reverse of ``to_plain``."""
    lists = {name: tuple(cast("list[str]", plain[name])) for name in plain if OPTIONS[name].repeat}
    return Config(**{**plain, **lists})
