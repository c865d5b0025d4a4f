"""Varnish as a peer: found or unpacked, before an nginx that it asks once."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from bench import nginx
from bench.places import LOGS, SITE, STATE
from bench.progress import BenchError

PACKAGES = ("varnish", "libvarnishapi3", "libjemalloc2")
PLACE = STATE / "varnish"
_LIBRARIES = PLACE / "usr" / "lib" / f"{os.uname().machine}-linux-gnu"
PROGRAM = PLACE / "usr" / "sbin" / "varnishd"
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def program() -> Path | None:
    """The machine's own varnishd, else the one that was unpacked for the bench; None where there is neither."""
    if found := shutil.which("varnishd", path=_PATH):
        return Path(found)
    return PROGRAM if PROGRAM.exists() else None


def version() -> str:
    """As it says itself; `?` where there is none."""
    if not (found := program()):
        return "?"
    said = subprocess.run([found, "-V"], capture_output=True, text=True, check=False, env=_environment()).stderr
    number = re.search(r"varnish-([0-9.]+)", said)
    return number[1] if number else "?"


def command(port: int) -> list[str]:
    """The command line of both. Its cache is in memory, as ours is."""
    if not (found := program()):
        raise BenchError("Varnish is missing: install it (Debian: apt-get install varnish) and run this again")
    PLACE.mkdir(parents=True, exist_ok=True)
    socket = PLACE / f"{port}.sock"
    socket.unlink(missing_ok=True)
    origin = nginx.command(port, SITE, "nginx-origin.conf", SOCKET=str(socket))
    rules = LOGS / f"varnish-{port}.vcl"
    # As its users do: a request with any cookie, be it one of analytics, would else not be answered from the cache.
    anonymous = "sub vcl_recv { unset req.http.Cookie; }"
    rules.write_text(f'vcl 4.1;\nbackend default {{ .path = "{socket}"; }}\n{anonymous}\n')
    # One pool of threads, as there is one core; it starts what compiles its rules itself.
    how = ["-F", "-j", "none", "-n", str(PLACE / f"work-{port}"), "-s", "malloc,256m", "-p", "thread_pools=1"]
    own = [str(found), *how, "-a", f"127.0.0.1:{port}", "-f", str(rules)]
    # It insists that the socket is there, and accepts, before it begins.
    wait = f"until [ -S {shlex.quote(str(socket))} ]; do sleep 0.05; done"
    script = f"{shlex.join(origin)} & {wait}; exec {shlex.join(own)}"
    return [
        shutil.which("env") or "/usr/bin/env",
        *(f"{name}={value}" for name, value in _environment().items()),
        "sh",
        "-c",
        script,
    ]


def _environment() -> dict[str, str]:
    return {"LD_LIBRARY_PATH": f"{_LIBRARIES}:{_LIBRARIES / 'varnish'}", "PATH": _PATH}
