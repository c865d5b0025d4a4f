"""Which running server is meant: that of ``--pid``, the one that the options describe, or the only one.

Whoever died left files behind; a server counts only while a process with the start time that its pid file names is
there, or somebody answers at its control socket.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from hendrix.cli.load import DEFAULT, Sourced, load_for_one
from hendrix.cli.place import go_there
from hendrix.cli.process import Process
from hendrix.cli.project import find as find_project
from hendrix.cli.sources import FILE
from hendrix.core.errors import HendrixError
from hendrix.core.record import record
from hendrix.core.server_name import server_name, serves
from hendrix.supervisor import pidfile, runtime
from hendrix.supervisor.private import short

_MOST_SHOWN = 8
_CHOOSE = "choose with --http-port, --settings or --pid FILE"


@record(frozen=True)
class Running:
    """One server. ``pidfile`` is empty where it could not write one."""

    name: str
    pid: int
    socket: str
    pidfile: str = ""

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"

    def process(self) -> Process:
        """Its process, and none that has its number by now. Raises ``HendrixError`` where it has just ended."""
        process = Process(self.pid)
        if self.pidfile and pidfile.alive(self.pidfile) != self.pid:
            with process:
                raise HendrixError(f"{self} has just ended")
        return process


def find(sourced: Sourced, environ: Mapping[str, str]) -> Running:
    """The server that is meant. Raises ``HendrixError`` with one line where it is none, or not clear which."""
    sourced, home = go_there(sourced.levels[0], environ, Path.cwd(), load_for_one)
    if sourced.config.pid:
        return _of_file(os.path.abspath(home / sourced.config.pid), environ)
    servers = list(everywhere(environ))
    if not servers:
        raise HendrixError("no server is running; hx start starts one, and one with a pid file elsewhere needs --pid")
    place, settings = _place(sourced), _settings(sourced)
    own = settings or _own_settings(sourced, environ, home)
    found = [server for server in servers if _is_at(server.name, place) and serves(server.name, settings)]
    if not found and own and place and _is_of_file(sourced):
        # It says where the next start listens: the server of this project that runs may have another address yet.
        found = [server for server in servers if serves(server.name, own)]
    elif own and not settings:
        ours = [server for server in found if serves(server.name, own)]
        # Another project's server is meant only where somebody says so.
        found = ours or [server for server in found if place or _works_in(server, home)]
    if not found:
        of = settings or (own if not place else "")
        about = " and ".join([*(["at that address"] if place else []), *([f"of {of}"] if of else [])])
        raise HendrixError(f"no server {about} is running; there is {_listed(servers)}; {_CHOOSE}")
    if len(found) > 1:
        raise HendrixError(f"{len(found)} servers are running: {_listed(found)}; {_CHOOSE}")
    return found[0]


def everywhere(environ: Mapping[str, str]) -> Iterator[Running]:
    """All servers of ours that run, by name."""
    for folder in runtime.lookup(environ, os.getuid()):
        names = sorted(entry for entry in os.listdir(folder) if entry.endswith((".pid", ".sock")))
        for name in dict.fromkeys(_bare(entry) for entry in names):
            if server := _in_folder(folder, name):
                yield server


def _bare(entry: str) -> str:
    return entry.removesuffix(".sock").removesuffix(".pid")


def _listed(servers: list[Running]) -> str:
    more = ["..."] if len(servers) > _MOST_SHOWN else []
    return ", ".join([*map(str, servers[:_MOST_SHOWN]), *more])


# --- files ------------------------------------------------------------------------------------------------


def _in_folder(folder: str, name: str) -> Running | None:
    file = os.path.join(folder, f"{name}.pid")
    paths = [os.path.join(folder, f"{name}.sock"), f"{file}.sock"]  # the latter for --pid into this directory
    path = next((path for path in paths if os.path.exists(path)), paths[0])
    if pid := pidfile.alive(file):
        return Running(name, pid, path, file)
    return Running(name, pid, path) if (pid := _who_answers(path)) else None


def _of_file(path: str, environ: Mapping[str, str]) -> Running:
    folder, entry = os.path.split(path)
    if folder in runtime.lookup(environ, os.getuid()):
        server = _in_folder(folder, _bare(entry))
    else:
        pid = pidfile.alive(path) or _who_answers(f"{path}.sock")
        server = Running(_bare(entry), pid, f"{path}.sock", path if pidfile.alive(path) else "") if pid else None
    if server:
        return server
    reason = "names a process that is gone" if os.path.exists(path) else "does not exist"
    raise HendrixError(f"no server is running: the pid file {path} {reason}")


def _who_answers(path: str) -> int | None:
    """The process at the other end of a control socket, if anybody is."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            with short(path) as address:
                sock.connect(address)
            found = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    return int(struct.unpack("3i", found)[0]) or None


# --- what was said of it ----------------------------------------------------------------------------------


def _said(sourced: Sourced, name: str) -> bool:
    return sourced.sources[name] != DEFAULT


def _place(sourced: Sourced) -> str:
    """How the names of servers at the address that was asked for begin; empty where none was."""
    addresses: Iterable[str] = sourced.config.bind
    if not addresses and _said(sourced, "http_port"):
        addresses = (f":{sourced.config.http_port}",)
    found = server_name([address for address in addresses if not address.startswith("fd://")], "")
    return "" if found in ("_", "0_") else found  # not known, or the system's to choose


def _is_of_file(sourced: Sourced) -> bool:
    return sourced.sources["bind" if sourced.config.bind else "http_port"].startswith(FILE)


def _settings(sourced: Sourced) -> str:
    return sourced.config.subject


def _own_settings(sourced: Sourced, environ: Mapping[str, str], home: Path) -> str:
    """Those of the project in this directory, if there is one."""
    try:
        return find_project(sourced, environ, home).settings
    except HendrixError:
        return ""


def _is_at(name: str, place: str) -> bool:
    return name.startswith(place)


def _works_in(server: Running, directory: Path) -> bool:
    """Was it started there? Where the system does not tell, it was not."""
    try:
        return os.path.samefile(f"/proc/{server.pid}/cwd", directory)
    except OSError:
        return False
