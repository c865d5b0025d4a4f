"""HAProxy before servers, for tests: as ``hx deploy haproxy`` renders it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.kit.client import Client
from tests.kit.live import until

_ROOT = Path(__file__).parents[2]
_FIND = _ROOT / "scripts" / "find-haproxy"
#: As the page has it, but for the balancer's own address.
_CONFIGURATION = "settings: shop.settings\nhttp_port: 8000\ndrain_delay: 4s\nforwarded_allow_ips: 127.0.0.1\n"
_NAMES = ("one", "two", "three")


class Haproxy:
    """A running one. ``client`` speaks to it as to a server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, told: Path) -> None:
        self.process, self.port, self._told = process, port, told

    def client(self, timeout: float = 20.0) -> Client:
        return Client(socket.create_connection(("127.0.0.1", self.port), timeout=timeout))

    def states(self) -> dict[str, str]:
        """What it thinks of each server: ``UP``, ``DOWN`` and between."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(10)
            asked.connect(str(self._told))
            asked.sendall(b"show stat\n")
            with asked.makefile() as lines:
                rows = [line.split(",") for line in lines if line.startswith("hendrix,")]
        return {row[1]: row[17] for row in rows if row[1] != "BACKEND"}

    def await_state(self, name: str, state: str) -> None:
        until(lambda: self.states()[name].startswith(state), f"{name} to be {state}", 40)


def rendered(folder: Path, configuration: str, servers: Sequence[str]) -> str:
    """What ``hx deploy haproxy`` prints. ``servers`` are words of ``--server``."""
    folder.mkdir()
    (folder / "manage.py").touch()
    (folder / "shop.conf").write_text(configuration)
    words = [word for server in servers for word in ("--server", server)]
    command = [sys.executable, "-m", "hendrix", "deploy", "haproxy", "shop.conf", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def haproxy(folder: Path, servers: Sequence[str]) -> Iterator[Haproxy]:
    """Before ``servers`` (addresses with ports)."""
    found = subprocess.run([_FIND], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [f"{name}={server}" for name, server in zip(_NAMES, servers, strict=False)]
    text = rendered(folder / "balanced", _CONFIGURATION, words)
    assert text.count("bind :80\n") == 1
    text = text.replace("bind :80\n", f"bind 127.0.0.1:{port}\n")
    told, written = folder / "stats", folder / "haproxy.cfg"
    written.write_text(f"global\n    stats socket {told}\n\n{text}")
    command = [found.stdout.strip(), "-db", "-f", str(written)]
    checked = subprocess.run([*command, "-c"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(told.exists, "HAProxy")
        yield Haproxy(process, port, told)
    finally:
        process.terminate()
        process.wait(10)
