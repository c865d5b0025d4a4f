"""One service, as its configuration says: which project, whose process, which options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from hendrix.core.config import OPTIONS
from hendrix.core.record import record

#: Below it a port is the system's to give.
PRIVILEGED = 1024


@record(frozen=True)
class Service:
    """``options`` are those that the file gives to ``hx start`` as flags, parsed; ``hx`` finds the rest itself."""

    name: str
    #: The file that it was read from, absolute.
    source: str
    virtualenv: str
    project_path: str
    user: str
    group: str
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Directories that it may write to besides its project.
    writable: tuple[str, ...] = ()
    #: Bytes at the most, all processes together; 0: no limit.
    memory: int = 0
    #: Ports that it listens at, as far as the file says: HTTP, and HTTPS or 0.
    http_port: int = 8000
    https_port: int = 0
    #: Others that it opens itself.
    more_ports: tuple[int, ...] = ()
    #: Is ``bind`` said, so that it opens its sockets itself?
    binds: bool = False
    #: Another one where the options are others that ``hx`` finds itself: then it is to be started anew.
    digest: str = ""

    @property
    def hx(self) -> str:
        """The program."""
        return f"{self.virtualenv}/bin/hx"

    @property
    def folder(self) -> str:
        """What its directories below ``/run``, ``/var/lib`` and ``/var/log`` are called."""
        return folder(self.name)

    @property
    def low_ports(self) -> list[int]:
        """Ports that systemd opens for it, since its user may not."""
        return [self.http_port] if not self.binds and 0 < self.http_port < PRIVILEGED else []

    @property
    def opens_low_ports(self) -> bool:
        """Does its process open some itself?"""
        own = (self.https_port, *self.more_ports, *([self.http_port] if self.binds else []))
        return any(0 < port < PRIVILEGED for port in own)

    @property
    def environment_file(self) -> str:
        """Where its variables are: root's alone, since there may be passwords among them."""
        return f"/etc/hendrix/{self.name}.env"

    @property
    def variables(self) -> dict[str, str]:
        """Those of its ``environment``, and options with a secret: command lines and units are everybody's to read."""
        told = {
            OPTIONS[name].environ: str(value) for name, value in self.options.items() if OPTIONS[name].hides(value)
        }
        return {**self.environment, **told}

    def words(self) -> list[str]:
        """The command line that serves."""
        return command_line(
            self.hx, {name: value for name, value in self.options.items() if not OPTIONS[name].hides(value)}
        )


def folder(name: str) -> str:
    """That of the service ``name``. Directories called hendrix are those of root's servers: its user is not to have
    them, nor systemd to remove them."""
    return "hendrix-service" if name == "hendrix" else name


def command_line(hx: str, options: Mapping[str, Any]) -> list[str]:
    """``hx start`` with each of ``options``."""
    words = [hx, "start"]
    for name, value in options.items():
        option = OPTIONS[name]
        if option.switch:
            words.append(option.flag if value else "--no-" + option.flag.removeprefix("--"))
        elif option.repeat:
            words += [f"{option.flag}={item}" for item in value]
        else:
            words.append(f"{option.flag}={option.spelled(value)}")
    return words
