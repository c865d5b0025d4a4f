"""HAProxy before servers, for tests: as docs/how-to/from-one-machine-to-many.md has it, with other addresses."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.kit.client import Client
from tests.kit.live import until

_ROOT = Path(__file__).parents[2]
_FIND = _ROOT / "scripts" / "find-haproxy"
_PAGE = _ROOT / "docs" / "how-to" / "from-one-machine-to-many.md"
_SERVER = re.compile(r"^ *server (\w+) \S+", re.M)


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


def configuration(port: int, servers: Sequence[str]) -> str:
    """The text of the page, for these servers."""
    (text,) = re.findall(r"```haproxy\n(.*?)```", _PAGE.read_text(), re.S)
    places = iter(servers)
    text = _SERVER.sub(lambda match: match[0].rpartition(" ")[0] + f" {next(places)}", text)
    assert next(places, None) is None
    return text.replace("bind :80", f"bind 127.0.0.1:{port}")


@contextlib.contextmanager
def haproxy(folder: Path, servers: Sequence[str]) -> Iterator[Haproxy]:
    """Before ``servers`` (addresses with ports)."""
    found = subprocess.run([_FIND], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told, written = folder / "stats", folder / "haproxy.cfg"
    written.write_text(f"global\n    stats socket {told}\n\n{configuration(port, servers)}")
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
