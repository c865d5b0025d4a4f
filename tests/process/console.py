"""The control socket of a running server, as a client of our own sees it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from tests.kit.live import Server

#: A reload of a slow project takes its time.
_PATIENCE = 60.0


def control_socket(server: Server) -> Path:
    """Where it is, for a project named ``site1``."""
    return Path(os.environ["XDG_RUNTIME_DIR"], "hendrix", f"{server.port}_site1_settings.sock")


def ask(server: Server, do: str, **facts: object) -> dict[str, Any]:
    """Ask for something, and wait for the last line of the answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_PATIENCE)
        client.connect(str(control_socket(server)))
        client.sendall(json.dumps({"do": do, **facts}).encode() + b"\n")
        with client.makefile() as lines:
            said = [json.loads(line) for line in lines]
    assert said and "done" in said[-1], said
    return said[-1]


def status(server: Server) -> dict[str, Any]:
    """The facts."""
    return ask(server, "status")["facts"]
