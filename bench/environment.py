"""The environment in `.bench/`: a virtual environment with the peers, wrk, the data; made once."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from bench import nginx, varnish
from bench.places import PROJECT, PYTHON, ROOT, STATE, VENV, server_environment
from bench.progress import BenchError, say

# Lower bounds, so that pip fails where it would else fall back to an old release of a peer without a word.
# gunicorn is without its extra `fast`: that of 27.0.1 asks for a gunicorn_h1c that is not published, and
# pip answers with gunicorn 26.
REQUIREMENTS = (
    "Django>=5.2,<5.3",
    "gunicorn>=27.0.1",
    "granian>=2.8.7",
    "uvicorn>=0.54",
    "uvloop>=0.23",
    "httptools>=0.9",
    "waitress>=3.0.2",
    "pyuwsgi>=2.0.30",
    "daphne>=4.2.3",
    "hypercorn>=0.18",
    "channels>=4.3.2",
    "channels-redis>=4.3",
    "cronsim>=2.6",
    "django-tasks>=0.12",
    "django-tasks-db>=0.13",
    "psycopg[binary]>=3.3",
)


def _call(command: list[str], what: str, **options: object) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise BenchError(f"{what} failed: {lines[-1] if lines else f'exit status {done.returncode}'}")


def _stamp(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _once(name: str, stamp: str, what: str, make: Callable[[], None]) -> None:
    """Make something unless the stamp beside it says that it was made from the same things."""
    path = STATE / f"{name}.stamp"
    if path.exists() and path.read_text() == stamp:
        return
    say(what)
    make()
    path.write_text(stamp)


def _make_venv() -> None:
    _call([sys.executable, "-m", "venv", "--clear", str(VENV)], "making the virtual environment")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _call([*pip, *REQUIREMENTS, "-e", str(ROOT)], "pip install")


def _make_data() -> None:
    _call([str(PYTHON), "-m", "project.data"], "making the data", env=server_environment(), cwd=PROJECT)


def _ensure_wrk() -> None:
    if shutil.which("wrk"):
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise BenchError("wrk is missing: install it (Debian: apt-get install wrk) and run this again")
    say("installing wrk")
    _call(["apt-get", "update", "-qq"], "apt-get update")
    _call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "wrk"], "apt-get install wrk")


def _ensure_h2load() -> None:
    if shutil.which("h2load"):
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise BenchError("h2load is missing: install it (Debian: apt-get install nghttp2-client) and run this again")
    say("installing h2load")
    _call(["apt-get", "update", "-qq"], "apt-get update")
    packages = ["--no-install-recommends", "nghttp2-client"]
    _call(["apt-get", "install", "-y", "-qq", *packages], "apt-get install nghttp2-client")


def _ensure_packages() -> None:
    """Unpacked, not installed: installed ones would begin to serve ports of this machine."""
    if not nginx.program():
        _unpack(STATE / "nginx", "nginx")
    if not varnish.program():
        _unpack(varnish.PLACE, *varnish.PACKAGES)
    for name, version in (("nginx", nginx.version()), ("Varnish", varnish.version())):
        if version == "?":
            raise BenchError(f"the {name} that was unpacked does not run: install it and run this again")


def _unpack(place: Path, *names: str) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise BenchError(f"{names[0]} is missing: install it (Debian: apt-get install {names[0]}) and run this again")
    say(f"unpacking {names[0]} into {place.relative_to(ROOT)}")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    what = f"apt-get download {names[0]} (apt-get update may help)"
    _call(["apt-get", "download", "-qq", *names], what, cwd=place)
    for package in place.glob("*.deb"):
        _call(["dpkg-deb", "-x", str(package), str(place)], f"unpacking {package.name}")


def _sources(folder: Path, *names: str) -> list[str]:
    return [(folder / name).read_text() for name in names]


def ensure() -> None:
    """Make whatever is missing or out of date; says so in a line, and nothing when all is there."""
    if platform.system() != "Linux":
        raise BenchError("the benchmark needs Linux: it reads /proc and pins processes to cores")
    STATE.mkdir(exist_ok=True)
    _ensure_wrk()
    _ensure_h2load()
    _ensure_packages()
    hendrix = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = _stamp(sys.version, REQUIREMENTS, hendrix["dependencies"], hendrix["scripts"], str(VENV))
    _once("venv", wanted, "installing the servers into .bench/venv", _make_venv)
    data = _stamp(*_sources(PROJECT / "project", "models.py", "data.py", "assets.py", "settings.py"))
    _once("data", data, "making the data in .bench", _make_data)
