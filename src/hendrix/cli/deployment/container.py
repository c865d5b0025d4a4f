"""The service in a container: which of its options are another way there, and what its processes may take to end.

Paths are those of the machine. Ports below 1024 are not a user's to open, so the container listens at others, and is
reached by those of the configuration. Options stand on the command line, whichever file they come from: the file stays
out of the image, since there may be passwords in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hendrix.cli import sources
from hendrix.cli.deployment.beside import Beside, found_in
from hendrix.cli.deployment.plan import Plan
from hendrix.cli.load import WITH_DOMAIN
from hendrix.cli.units.service import PRIVILEGED, command_line
from hendrix.core.config import OPTIONS
from hendrix.core.errors import UsageError

#: A number that no user of the machine has, by which volumes know theirs.
UID = 10001
#: Files on the machine, which are no part of an image.
_FILES = (
    "key",
    "cert",
    "key_password_file",
    "client_ca",
    "acme_ca",
    "acme_eab",
    "admin_token_file",
)
#: What the container says itself: where it listens, whose it is, where its state and its log are.
_OWN = frozenset(("settings", "http_port", "bind", "https_port", "https_bind", "user", "group", "vault", "log"))
_HTTPS = ("key", "cert", "domain", "auto_https")
#: Seconds more for those who must be killed.
_SPARE = 10
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Door:
    """A port: ``inside`` is where the process listens, ``outside`` where it is reached, at ``host`` or everywhere."""

    kind: str
    inside: int
    outside: int
    host: str = ""


@dataclass(frozen=True)
class Container:
    """``plan`` in one. Raises ``UsageError`` where it cannot be."""

    plan: Plan

    def value(self, name: str) -> Any:
        """Of the option ``name``, in effect."""
        options = self.plan.options
        by_itself = WITH_DOMAIN if options.get("domain") or options.get("auto_https") else {}
        return options.get(name, by_itself.get(name, OPTIONS[name].default))

    # --- where it is reached ---------------------------------------------------------------------------------

    @cached_property
    def doors(self) -> list[Door]:
        """HTTP first."""
        service = self.plan.service
        plain = "https" if self.value("https_only") else "http"
        doors = self._bound("bind", plain) or [_door(plain, service.http_port)]
        if self.value("cache_port"):
            doors.append(_door("cache", self.value("cache_port")))
        if plain == "http" and any(self.plan.options.get(name) for name in _HTTPS):
            doors += self._bound("https_bind", "https") or [_door("https", self.value("https_port"))]
        return doors

    def _bound(self, option: str, kind: str) -> list[Door]:
        doors = []
        for address in self.value(option):
            if address.startswith(("unix:", "fd:")):
                raise UsageError(f"{option} {address} cannot be reached in a container; give http_port instead")
            host, _, port = address.rpartition(":")
            everywhere = host in ("", "0.0.0.0", "[::]")
            doors.append(_door(kind, int(port), "" if everywhere else host))
        # IPv4 and IPv6 are two addresses there, and one port here.
        return list(dict.fromkeys(doors))

    @property
    def port(self) -> int:
        """The first one, inside."""
        return self.doors[0].inside

    @property
    def binds(self) -> bool:
        """Is it told its addresses one by one? Else ``PORT`` says it, as platforms do that run images."""
        return bool(self.value("bind"))

    # --- how it is started -----------------------------------------------------------------------------------

    @cached_property
    def beside(self) -> list[Beside]:
        """Databases of this machine, which become containers beside it."""
        said = {**self.plan.service.environment, **self._asked_for}
        return found_in(said)

    @cached_property
    def _asked_for(self) -> dict[str, str]:
        """Options that hold passwords, or the address of a database."""
        options = self.plan.options
        return {OPTIONS[name].environ: str(options[name]) for name in options if OPTIONS[name].secret}

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Variables with values that are nobody's business."""
        said = {**self.plan.service.environment, **self._asked_for}
        return {name: self._moved(value) for name, value in said.items()}

    def _moved(self, value: str) -> str:
        for each in self.beside:
            value = each.moved(value)
        return value

    @cached_property
    def variables(self) -> dict[str, str]:
        """Those of the image."""
        service = self.plan.service
        said = {
            "PATH": f"{service.virtualenv}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONUNBUFFERED": "1",
            "XDG_RUNTIME_DIR": self.runtime,
            "XDG_STATE_HOME": self.state,
        }
        if self.plan.settings:
            said["DJANGO_SETTINGS_MODULE"] = self.plan.settings
        if not self.binds:
            said["PORT"] = str(self.port)
        return said

    @property
    def words(self) -> list[str]:
        """The command line."""
        return command_line(self.plan.service.hx, self.flags)

    @cached_property
    def flags(self) -> Mapping[str, Any]:
        """All options that are no secrets, by name."""
        flags = {
            name: value for name, value in self.plan.options.items() if name not in _OWN and not OPTIONS[name].secret
        }
        secure = [door for door in self.doors if door.kind == "https"]
        if self.binds:
            kind = self.doors[0].kind
            flags["bind"] = tuple(f"0.0.0.0:{door.inside}" for door in self.doors if door.kind == kind)
        if secure and not self.value("https_only"):
            flags["https_port"] = secure[0].inside
            if secure[0].inside != secure[0].outside:
                flags |= {"https_redirect": str(secure[0].outside)} if self.value("https_redirect") == "on" else {}
                flags |= (
                    {"http3_port": secure[0].outside} if self.value("http3") and not self.value("http3_port") else {}
                )
        if self.value("cache_port"):
            flags["cache_port"] = next(door.inside for door in self.doors if door.kind == "cache")
        return flags

    # --- what it has -----------------------------------------------------------------------------------------

    @property
    def runtime(self) -> str:
        """Its sockets and its pid file."""
        return f"/run/{self.plan.service.name}"

    @property
    def state(self) -> str:
        """Its certificates."""
        return f"/var/lib/{self.plan.service.name}"

    @cached_property
    def volumes(self) -> dict[str, str]:
        """Directories that outlive it, by name."""
        named = {"state": self.state}
        for path in self.plan.service.writable:
            name = re.sub(r"[^a-z0-9]+", "-", os.path.basename(os.path.normpath(path)).lower()).strip("-") or "data"
            while name in named:
                name += "-more"
            named[name] = os.path.normpath(path)
        return named

    @cached_property
    def files(self) -> list[str]:
        """Of the machine, which it reads: certificates, keys, tokens."""
        said: list[str] = []
        for name in _FILES:
            value = self.plan.options.get(name)
            said += [value] if isinstance(value, str) else value or []
        return [os.path.normpath(os.path.join(self.plan.service.project_path, path)) for path in said if path]

    @property
    def left(self) -> list[str]:
        """What stays out of the image, as in a ``.dockerignore``."""
        below = self.plan.service.project_path + "/"
        source = os.path.basename(self.plan.service.source)
        said = [*self.plan.left, "*.env", ".env.*", "*.key", sources.FILE, source]
        names = [name if "/" in name else f"**/{name}" for name in dict.fromkeys(said)]
        # Beside the configuration are those of other services.
        names.append("*.conf")
        return [*names, *(path.removeprefix(below) for path in self.files if path.startswith(below))]

    @property
    def memory(self) -> int:
        """Bytes in ``/dev/shm``: the cache of all workers and messages of the hub, besides what is always there."""
        cache = self.value("cache_size") if self.value("global_cache") else 0
        return int(-(-(64 * _MB + cache + int(self.value("hub_memory"))) // _MB) * _MB)

    @property
    def drain_delay(self) -> int:
        """Seconds."""
        return -int(-self.value("drain_delay") // 1)

    @property
    def leaving(self) -> int:
        """Seconds that its processes may take once their port is closed."""
        tasks = self.value("task_timeout") if self.value("task_workers") else 0
        return -int(-max(self.value("graceful_timeout"), tasks) // 1) + _SPARE

    @property
    def health(self) -> list[str]:
        """A command: status 0 while it takes work."""
        told = self.value("health_path")
        odd = self.value("proxy_protocol") != "off" or (self.value("https_only") and self.value("client_ca"))
        if odd or told == "off" or not told:
            return [self.plan.service.hx, "status", "--quiet"]
        port = str(self.port) if self.binds else 'int(os.environ["PORT"])'
        secure = self.value("https_only")
        client = f'HTTPSConnection("127.0.0.1", {port}, timeout=4, context=ssl._create_unverified_context())'
        client = client if secure else f'HTTPConnection("127.0.0.1", {port}, timeout=4)'
        program = (
            f"import http.client, os, ssl, sys; asked = http.client.{client}; "
            f'asked.request("GET", {told!r}); sys.exit(asked.getresponse().status != 200)'
        )
        return [
            f"{self.plan.service.virtualenv}/bin/python",
            "-c",
            program if secure else program.replace(" ssl,", ""),
        ]

    @property
    def way_back(self) -> str:
        """From the project to the directory that is written to."""
        way = self.plan.way
        return "." if way.startswith("/") else os.path.relpath(self.plan.output, self.plan.folder)


def _door(kind: str, port: int, host: str = "") -> Door:
    return Door(kind, port + 8000 if 0 < port < PRIVILEGED else port, port, host)


def local_file(container: Container, path: str) -> str:
    """Where ``path`` is for one who is in the directory that is written to."""
    below = container.plan.service.project_path + "/"
    if not path.startswith(below):
        return path
    return str(Path(container.plan.way) / path.removeprefix(below))
